"""Which tables hold houses and their parts?"""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, composite, mapped_column

from cloud_api.kit.db import JsonObject, Model, text_enum
from cloud_api.kit.money import Money
from cloud_api.properties.types import ConfirmsOn, GuestsMay, LockVendor, PlayerVendor
from protocol.home import ThingKind


def _one_of_a_name(table: str) -> Index:
    """Nobody could tell two of one name apart. The archive may hold as many as it likes."""
    return Index(
        f"uq_{table}_name",
        "house_id",
        text("lower(name)"),
        unique=True,
        postgresql_where=text("archived_at IS NULL"),
    )


class Place(Model):
    """What every part has: a tenant, a name, and an archive instead of deletion."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    archived_at: Mapped[datetime | None]


class PropertyRow(Place):
    """An owner's business place, with the rules of booking there."""

    __tablename__ = "properties"

    region: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, server_default="")
    description: Mapped[str] = mapped_column(Text, server_default="")
    hold_minutes: Mapped[int] = mapped_column(Integer, server_default=text("30"))
    may_stand_unconfirmed: Mapped[bool] = mapped_column(server_default=false())
    most_nights: Mapped[int] = mapped_column(Integer, server_default=text("60"))
    staff_grant_days: Mapped[int] = mapped_column(Integer, server_default=text("30"))
    override_hours: Mapped[int] = mapped_column(Integer, server_default=text("24"))
    voucher_minutes: Mapped[int] = mapped_column(Integer, server_default=text("60"))
    confirms_on: Mapped[ConfirmsOn] = mapped_column(
        text_enum(ConfirmsOn), server_default=ConfirmsOn.DEPOSIT.value
    )

    __table_args__ = (
        CheckConstraint("hold_minutes > 0", name="hold_minutes"),
        CheckConstraint("most_nights > 0", name="most_nights"),
        CheckConstraint("staff_grant_days > 0", name="staff_grant_days"),
        CheckConstraint("override_hours > 0", name="override_hours"),
        CheckConstraint("voucher_minutes > 0", name="voucher_minutes"),
    )


class HouseRow(Place):
    """One agent, one snapshot, one time zone; hours are local to it."""

    __tablename__ = "houses"

    property_id: Mapped[UUID] = mapped_column(ForeignKey("properties.id"), index=True)
    zone: Mapped[str] = mapped_column(Text)
    check_in_from: Mapped[time]
    check_out_until: Mapped[time]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    lease_hours: Mapped[int] = mapped_column(Integer, server_default=text("72"))
    max_companions: Mapped[int] = mapped_column(Integer, server_default=text("10"))
    music_rules: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    lan_addresses: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))

    __table_args__ = (
        CheckConstraint("lease_hours BETWEEN 1 AND 336", name="lease_hours"),
        CheckConstraint("max_companions BETWEEN 0 AND 100", name="max_companions"),
    )


class SpaceRow(Place):
    """The smallest thing that can be double-booked."""

    __tablename__ = "spaces"

    house_id: Mapped[UUID] = mapped_column(ForeignKey("houses.id"), index=True)

    __table_args__ = (UniqueConstraint("id", "house_id"),)


class UnitRow(Place):
    """What is sold. Its spaces never change: bookings already hold them."""

    __tablename__ = "units"

    house_id: Mapped[UUID] = mapped_column(ForeignKey("houses.id"), index=True)
    capacity: Mapped[int] = mapped_column(Integer)
    base_price_minor: Mapped[int]
    base_price_currency: Mapped[str] = mapped_column(Text)
    base_price: Mapped[Money] = composite("base_price_minor", "base_price_currency")

    __table_args__ = (
        UniqueConstraint("id", "house_id"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("base_price_minor >= 0", name="base_price"),
        _one_of_a_name("units"),
    )


class UnitSpaceRow(Model):
    """This unit occupies this space; both are of one house."""

    __tablename__ = "unit_spaces"

    unit_id: Mapped[UUID]
    space_id: Mapped[UUID]
    house_id: Mapped[UUID]

    __table_args__ = (
        PrimaryKeyConstraint("unit_id", "space_id"),
        ForeignKeyConstraint(["unit_id", "house_id"], ["units.id", "units.house_id"]),
        ForeignKeyConstraint(["space_id", "house_id"], ["spaces.id", "spaces.house_id"]),
        Index(None, "space_id"),
    )


class Device(Place):
    """Something fixed in a house, for one space or for all of them."""

    __abstract__ = True

    house_id: Mapped[UUID] = mapped_column(ForeignKey("houses.id"), index=True)
    space_id: Mapped[UUID | None]


class LockRow(Device):
    """A door's lock. Its keys are never here: they live in the house."""

    __tablename__ = "locks"

    vendor: Mapped[LockVendor] = mapped_column(text_enum(LockVendor))

    __table_args__ = (
        ForeignKeyConstraint(["space_id", "house_id"], ["spaces.id", "spaces.house_id"]),
        _one_of_a_name("locks"),
    )


class PlayerRow(Device):
    """A speaker. `speaker` is its id at the music server; empty: it is found by its name."""

    __tablename__ = "players"

    vendor: Mapped[PlayerVendor] = mapped_column(text_enum(PlayerVendor))
    speaker: Mapped[str] = mapped_column(Text, server_default="")

    __table_args__ = (
        ForeignKeyConstraint(["space_id", "house_id"], ["spaces.id", "spaces.house_id"]),
        _one_of_a_name("players"),
    )


class ThingRow(Device):
    """Heating, a light, a switch or a sensor that Home Assistant knows; never a door."""

    __tablename__ = "things"

    kind: Mapped[ThingKind] = mapped_column(text_enum(ThingKind))
    entity: Mapped[str] = mapped_column(Text)
    guests_may: Mapped[GuestsMay] = mapped_column(text_enum(GuestsMay))
    lowest: Mapped[float | None]
    highest: Mapped[float | None]

    __table_args__ = (
        ForeignKeyConstraint(["space_id", "house_id"], ["spaces.id", "spaces.house_id"]),
        CheckConstraint("lowest <= highest", name="bounds"),
        _one_of_a_name("things"),
    )
