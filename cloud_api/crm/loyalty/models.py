"""Which tables hold points? Entries are only ever added: a trigger keeps them as they were."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.crm.loyalty.types import EntryKind
from cloud_api.kit.db import Model, text_enum


class LoyaltySettingsRow(Model):
    """An organisation's rules for points."""

    __tablename__ = "loyalty_settings"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    earn_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    referral_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    expiry_days: Mapped[int] = mapped_column(Integer)
    point_minor: Mapped[int | None]
    point_currency: Mapped[str | None] = mapped_column(Text)
    without_points: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("num_nonnulls(point_minor, point_currency) IN (0, 2)", name="point"),
        CheckConstraint("point_minor > 0", name="worth"),
    )


class MemberRow(Model):
    """A person's balance, code and referrer."""

    __tablename__ = "loyalty_members"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    code: Mapped[str | None] = mapped_column(Text)
    referred_by: Mapped[UUID | None]
    referred_at: Mapped[datetime | None]
    balance: Mapped[int] = mapped_column(server_default=text("0"))
    expires_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("organisation_id", "code"),
        CheckConstraint("balance >= 0", name="balance"),
        CheckConstraint("referred_by <> client_id", name="self"),
        Index(None, "organisation_id", "referred_by"),
        Index("ix_loyalty_members_ending", "expires_on", postgresql_where=text("balance > 0")),
    )


class EntryRow(Model):
    """One movement of points."""

    __tablename__ = "points_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_members.client_id"))
    kind: Mapped[EntryKind] = mapped_column(text_enum(EntryKind))
    points: Mapped[int]
    key: Mapped[str] = mapped_column(Text)
    reservation_id: Mapped[UUID | None] = mapped_column(index=True)
    referred_client_id: Mapped[UUID | None]
    worth_minor: Mapped[int | None]
    worth_currency: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    created_by: Mapped[str] = mapped_column(Text)
    created_by_name: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))

    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint("points <> 0", name="points"),
        Index(None, "client_id", "created_at"),
    )
