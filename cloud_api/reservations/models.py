"""What do bookings look like at rest? Their occupied nights are the guard; see the migration."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import JsonObject, Model


class Reservation(Model):
    """One booking or block, in any status; nothing is ever deleted here."""

    __tablename__ = "reservations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    property_id: Mapped[UUID]
    house_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    status: Mapped[str]
    client_id: Mapped[UUID | None]
    check_in: Mapped[date]
    check_out: Mapped[date]
    guests: Mapped[int]
    channel: Mapped[str]
    contact_name: Mapped[str]
    contact_email: Mapped[str | None]
    contact_phone: Mapped[str | None]
    language: Mapped[str]
    standing: Mapped[bool]
    expires_at: Mapped[datetime | None]
    hold_extended: Mapped[bool] = mapped_column(server_default=text("false"))
    notes: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    payment_note: Mapped[str | None]
    paid_minor: Mapped[int | None]
    paid_currency: Mapped[str | None]
    confirmed_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("statement_timestamp()"))
    submitted_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]
    checked_in_at: Mapped[datetime | None]
    no_show_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    visit_counted: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default="1")
    price_minor: Mapped[int | None]
    price_currency: Mapped[str | None]
    deposit_minor: Mapped[int | None]
    quote_id: Mapped[UUID | None]
    discount_code: Mapped[str | None]
    points_redeemed: Mapped[int] = mapped_column(server_default="0")
    transfer: Mapped[bool] = mapped_column(server_default=text("false"))
    vouchers: Mapped[int] = mapped_column(server_default="0")
    reminded_at: Mapped[datetime | None]
    early_check_in: Mapped[time | None]
    late_check_out: Mapped[time | None]
    late_night: Mapped[bool] = mapped_column(server_default=text("false"))
    early_night: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        Index(None, "organisation_id", "check_in", "id"),
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "client_id"),
        Index("ix_reservations_expiry", "expires_at", postgresql_where=text("status = 'held'")),
        Index(
            "ix_reservations_ending",
            "check_out",
            postgresql_where=text("status IN ('held', 'pending', 'under_review', 'confirmed')"),
        ),
    )


class ReservationUnit(Model):
    """Which units were sold together in one booking."""

    __tablename__ = "reservation_units"

    reservation_id: Mapped[UUID] = mapped_column(
        ForeignKey("reservations.id", ondelete="CASCADE"), primary_key=True
    )
    unit_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class Occupancy(Model):
    """The nights of one space; while `live`, no other may share one (an exclusion constraint)."""

    __tablename__ = "occupancies"

    reservation_id: Mapped[UUID] = mapped_column(
        ForeignKey("reservations.id", ondelete="CASCADE"), primary_key=True
    )
    space_id: Mapped[UUID] = mapped_column(primary_key=True)
    nights: Mapped[Range[date]] = mapped_column(DATERANGE)
    live: Mapped[bool]


class GroupRow(Model):
    """Interchangeable units, as staff declare them."""

    __tablename__ = "rearrangement_groups"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("uq_rearrangement_groups_name", "organisation_id", text("lower(name)"), unique=True),
    )


class MemberRow(Model):
    """This unit belongs to that group; to no other."""

    __tablename__ = "rearrangement_members"

    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID] = mapped_column(
        ForeignKey("rearrangement_groups.id", ondelete="CASCADE"), index=True
    )
    organisation_id: Mapped[UUID] = mapped_column(index=True)


class RearrangementRow(Model):
    """One accepted rearrangement, with how to undo it."""

    __tablename__ = "rearrangements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    check_in: Mapped[date]
    check_out: Mapped[date]
    guests: Mapped[int]
    moves: Mapped[list[JsonObject]] = mapped_column(JSONB)
    held_id: Mapped[UUID | None]
    applied_at: Mapped[datetime] = mapped_column(server_default=func.now())
    applied_by: Mapped[UUID]
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "organisation_id", "applied_at", "id"),)
