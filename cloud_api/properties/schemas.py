"""What do houses look like from outside?"""

import re
from datetime import datetime, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from cloud_api.kit.money import MOST_MINOR, Currency, Money
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, OptionalLine, Paragraph
from cloud_api.properties.rules import (
    HOLD_MINUTES,
    LEASE_HOURS,
    MOST_COMPANIONS,
    MOST_NIGHTS,
    OVERRIDE_HOURS,
    STAFF_GRANT_DAYS,
    hours_fit,
    is_zone,
)
from cloud_api.properties.types import ConfirmsOn, GuestsMay, LockVendor, PlayerVendor
from protocol.home import Degrees, EntityName, ThingKind
from protocol.lan import LanAddress
from protocol.music import MusicRules

_HOUR = r"^([01]\d|2[0-3]):[0-5]\d$"


def _no_door(entity: str) -> str:
    if entity.startswith(("lock.", "cover.", "alarm_control_panel.")):
        raise ValueError("what opens a house is no thing")
    return entity


ThingEntity = Annotated[EntityName, AfterValidator(_no_door)]


def _known_zone(zone: str) -> str:
    if not is_zone(zone):
        raise ValueError("not an IANA time zone")
    return zone


def _local(hour: object) -> time:
    if isinstance(hour, time):
        return hour
    if not isinstance(hour, str) or not re.fullmatch(_HOUR, hour):
        raise ValueError("a local hour looks like 15:00")
    return time.fromisoformat(hour)


def _written(hour: time) -> str:
    return hour.strftime("%H:%M")


type Zone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
type LocalHour = Annotated[
    time,
    PlainValidator(_local, json_schema_input_type=str),
    PlainSerializer(_written, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _HOUR, "examples": ["15:00"]}),
]
type Region = Annotated[
    str, Field(pattern="^[A-Z]{2}$", description="ISO 3166 country; how phone numbers are read")
]
type HoldMinutes = Annotated[int, Field(strict=True, ge=HOLD_MINUTES[0], le=HOLD_MINUTES[1])]
type MostNights = Annotated[
    int,
    Field(
        strict=True,
        ge=MOST_NIGHTS[0],
        le=MOST_NIGHTS[1],
        description="how many nights a stranger may hold at once; staff may exceed it",
    ),
]
type StaffGrantDays = Annotated[
    int,
    Field(
        strict=True,
        ge=STAFF_GRANT_DAYS[0],
        le=STAFF_GRANT_DAYS[1],
        description="the longest window of a grant for staff",
    ),
]
type OverrideHours = Annotated[
    int,
    Field(
        strict=True,
        ge=OVERRIDE_HOURS[0],
        le=OVERRIDE_HOURS[1],
        description="the longest window of a grant that may override",
    ),
]
type VoucherMinutes = Annotated[
    int,
    Field(
        strict=True,
        ge=HOLD_MINUTES[0],
        le=HOLD_MINUTES[1],
        description="how long a hold waits for the voucher of a transfer",
    ),
]
type LeaseHours = Annotated[int, Field(strict=True, ge=LEASE_HOURS[0], le=LEASE_HOURS[1])]
type LanAddresses = Annotated[
    list[LanAddress],
    Field(
        max_length=4,
        description="addresses of the house's page in its own network; the first is used first",
    ),
]
type Companions = Annotated[int, Field(strict=True, ge=0, le=MOST_COMPANIONS)]
type Capacity = Annotated[int, Field(strict=True, ge=1, le=1000)]
type Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
type Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]

DEFAULT_IN = time(15)
DEFAULT_OUT = time(11)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlacePatch(Patch):
    """What changes; `archived` puts it into the archive or takes it back."""

    archived: StrictBool | None = None


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    created_at: datetime
    archived_at: datetime | None


class PriceIn(_In):
    """An exact price per night, in the currency's minor unit."""

    minor: Annotated[int, Field(strict=True, ge=0, le=MOST_MINOR)]
    currency: Currency

    def money(self) -> Money:
        """The amount."""
        return Money(self.minor, self.currency)


class PropertyIn(_In):
    """A new property."""

    name: Line
    region: Region
    address: Paragraph = ""
    description: Paragraph = ""
    hold_minutes: HoldMinutes = 30
    may_stand_unconfirmed: StrictBool = False
    most_nights: MostNights = 60
    staff_grant_days: StaffGrantDays = 30
    override_hours: OverrideHours = 24
    voucher_minutes: VoucherMinutes = 60
    confirms_on: ConfirmsOn = ConfirmsOn.DEPOSIT


class PropertyPatch(PlacePatch):
    """What changes."""

    name: Line | None = None
    region: Region | None = None
    address: Paragraph | None = None
    description: Paragraph | None = None
    hold_minutes: HoldMinutes | None = None
    may_stand_unconfirmed: StrictBool | None = None
    most_nights: MostNights | None = None
    staff_grant_days: StaffGrantDays | None = None
    override_hours: OverrideHours | None = None
    voucher_minutes: VoucherMinutes | None = None
    confirms_on: ConfirmsOn | None = None


class PropertyOut(_Out):
    """A property."""

    region: str
    address: str
    description: str
    hold_minutes: int
    may_stand_unconfirmed: bool
    most_nights: int
    staff_grant_days: int
    override_hours: int
    voucher_minutes: int
    confirms_on: ConfirmsOn


class HouseIn(_In):
    """A new house; hours are local to its zone."""

    name: Line
    zone: Zone
    check_in_from: LocalHour = DEFAULT_IN
    check_out_until: LocalHour = DEFAULT_OUT
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    lease_hours: LeaseHours = 72
    max_companions: Companions = 10
    music_rules: MusicRules = MusicRules()
    lan_addresses: LanAddresses = []

    @model_validator(mode="after")
    def _out_before_in(self) -> Self:
        if not hours_fit(self.check_in_from, self.check_out_until):
            raise ValueError("check-out must not be later than check-in")
        return self


class HousePatch(PlacePatch):
    """What changes."""

    name: Line | None = None
    zone: Zone | None = None
    check_in_from: LocalHour | None = None
    check_out_until: LocalHour | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    lease_hours: LeaseHours | None = None
    max_companions: Companions | None = None
    music_rules: MusicRules | None = None
    lan_addresses: LanAddresses | None = None


class HouseOut(_Out):
    """A house."""

    property_id: UUID
    zone: str
    check_in_from: LocalHour
    check_out_until: LocalHour
    latitude: float | None
    longitude: float | None
    lease_hours: int
    max_companions: int
    music_rules: MusicRules
    lan_addresses: list[str]


class SpaceIn(_In):
    """A new space."""

    name: Line


class SpacePatch(PlacePatch):
    """What changes."""

    name: Line | None = None


class SpaceOut(_Out):
    """A space."""

    house_id: UUID


class UnitIn(_In):
    """A new unit. Its spaces cannot be changed later: bookings hold them."""

    name: Line
    capacity: Capacity
    base_price: PriceIn
    space_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.space_ids)) != len(self.space_ids):
            raise ValueError("name each space once")
        return self


class UnitPatch(PlacePatch):
    """What changes."""

    name: Line | None = None
    capacity: Capacity | None = None
    base_price: PriceIn | None = None


class UnitOut(_Out):
    """A unit."""

    house_id: UUID
    capacity: int
    base_price: Money
    space_ids: list[UUID]


class LockIn(_In):
    """A new lock: of one space, or without one of the whole house (a front door)."""

    name: Line
    vendor: LockVendor
    space_id: UUID | None = None


class PlayerIn(_In):
    """A new player: of one space, or without one of the whole house.

    `speaker` is its id at the music server; left empty, it is found by its name.
    """

    name: Line
    vendor: PlayerVendor
    speaker: OptionalLine = ""
    space_id: UUID | None = None


def _in_order(lowest: float | None, highest: float | None) -> None:
    if lowest is not None and highest is not None and lowest > highest:
        raise ValueError("lowest must not be above highest")


class ThingIn(_In):
    """Heating, a light, a switch or a sensor: of one space, or of the whole house.

    `entity` is what Home Assistant calls it (`climate.pool`); doors are kept as locks, never here.
    `lowest`, `highest`: temperatures in the unit of the house's Home Assistant.
    """

    name: Line
    kind: ThingKind
    entity: ThingEntity
    guests_may: GuestsMay = GuestsMay.READ
    lowest: Degrees | None = None
    highest: Degrees | None = None
    space_id: UUID | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        _in_order(self.lowest, self.highest)
        return self


class DevicePatch(PlacePatch):
    """What changes; a device that moves to another door is another device."""

    name: Line | None = None


class PlayerPatch(DevicePatch):
    """A speaker may get another id at the music server."""

    speaker: OptionalLine | None = None


class ThingPatch(DevicePatch):
    """A thing's bounds are changed together."""

    entity: ThingEntity | None = None
    guests_may: GuestsMay | None = None
    lowest: Degrees | None = None
    highest: Degrees | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if ("lowest" in self.model_fields_set) != ("highest" in self.model_fields_set):
            raise ValueError("lowest and highest are changed together")
        _in_order(self.lowest, self.highest)
        return self


class ThingOut(_Out):
    """A thing."""

    house_id: UUID
    space_id: UUID | None
    kind: ThingKind
    entity: str
    guests_may: GuestsMay
    lowest: float | None
    highest: float | None


class LockOut(_Out):
    """A lock."""

    house_id: UUID
    space_id: UUID | None
    vendor: LockVendor


class PlayerOut(_Out):
    """A player."""

    house_id: UUID
    space_id: UUID | None
    vendor: PlayerVendor
    speaker: str


class _PlacedOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    vendor: str
    space_id: UUID | None
    shared: bool
    unit_ids: list[UUID]


class LayoutOut(BaseModel):
    """A house with what is fixed in it, and which units each thing serves."""

    model_config = ConfigDict(from_attributes=True)

    house_id: UUID
    property_id: UUID
    name: str
    zone: str
    check_in_from: LocalHour
    check_out_until: LocalHour
    lease_hours: int
    max_companions: int
    active: bool
    locks: list[_PlacedOut]
    players: list[_PlacedOut]
    things: list[_PlacedOut]
