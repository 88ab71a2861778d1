"""What do other rooms learn about houses and units?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.db import JsonObject
from cloud_api.kit.money import Money
from protocol.home import ThingKind


class LockVendor(StrEnum):
    """Whose lock it is."""

    TTLOCK = "ttlock"


class PlayerVendor(StrEnum):
    """Whose speaker it is."""

    MUSIC_ASSISTANT = "music_assistant"
    HOME_ASSISTANT = "home_assistant"


class GuestsMay(StrEnum):
    """What a guest may do with a thing of the spaces he has, unless a person says otherwise."""

    NOTHING = "nothing"
    READ = "read"
    USE = "use"


class ConfirmsOn(StrEnum):
    """How much must have come before a booking confirms itself."""

    DEPOSIT = "deposit"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class BookableUnit:
    """One unit with everything a booking needs to know of it.

    `space_ids` is sorted; `hold_minutes` is a hold's lifetime; where `may_stand_unconfirmed`, an
    unconfirmed booking does not expire; a stranger holds at most `most_nights` at once. `active` is
    false when unit, house or property is archived. `voucher_minutes` is the lifetime of a hold
    whose guest transfers the money by hand and shows a voucher.
    """

    unit_id: UUID
    name: str
    house_id: UUID
    property_id: UUID
    organisation_id: UUID
    space_ids: tuple[UUID, ...]
    capacity: int
    time_zone: str
    check_in_from: time
    check_out_until: time
    hold_minutes: int
    may_stand_unconfirmed: bool
    most_nights: int
    active: bool
    base_price: Money
    house_name: str = ""
    voucher_minutes: int = 60
    confirms_on: ConfirmsOn = ConfirmsOn.DEPOSIT


@dataclass(frozen=True, slots=True)
class HousePlace:
    """Where a house belongs and stands, as its owner wrote it."""

    property_name: str
    address: str


@dataclass(frozen=True, slots=True)
class _Device:
    id: UUID
    name: str
    vendor: str
    space_id: UUID | None
    unit_ids: tuple[UUID, ...]

    @property
    def shared(self) -> bool:
        """Does it serve the whole house?"""
        return self.space_id is None

    def serves(self, space_ids: Collection[UUID]) -> bool:
        """Does it serve somebody who has these spaces?"""
        return self.shared or self.space_id in space_ids


@dataclass(frozen=True, slots=True)
class LockPlace(_Device):
    """A lock of one space, or shared (a front door); `unit_ids` are the units it serves."""


@dataclass(frozen=True, slots=True)
class PlayerPlace(_Device):
    """A player of one space, or of the whole house; `unit_ids` are the units it serves.

    `speaker` is its id at the music server.
    """

    speaker: str


@dataclass(frozen=True, slots=True)
class ThingPlace(_Device):
    """A thing of one space, or of the whole house; `unit_ids` are the units it serves.

    `entity` is what Home Assistant calls it; `lowest`, `highest` what it may be set to.
    """

    kind: ThingKind
    entity: str
    guests_may: GuestsMay
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True)
class HouseLayout:
    """A house with what is fixed in it; hours are local to `zone` (IANA)."""

    house_id: UUID
    property_id: UUID
    organisation_id: UUID
    name: str
    zone: str
    check_in_from: time
    check_out_until: time
    lease_hours: int
    max_companions: int
    longest_staff_grant: timedelta
    longest_override: timedelta
    music_rules: JsonObject
    lan_addresses: Sequence[str]
    active: bool
    locks: tuple[LockPlace, ...]
    players: tuple[PlayerPlace, ...]
    things: tuple[ThingPlace, ...] = ()

    def locks_of(self, unit_id: UUID) -> tuple[LockPlace, ...]:
        """The locks a guest of this unit opens: the shared ones and its own."""
        return tuple(lock for lock in self.locks if unit_id in lock.unit_ids)

    def players_of(self, unit_id: UUID) -> tuple[PlayerPlace, ...]:
        """The players a guest of this unit may hand over."""
        return tuple(player for player in self.players if unit_id in player.unit_ids)
