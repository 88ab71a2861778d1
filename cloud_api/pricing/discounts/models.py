"""Which tables hold discounts, codes, and who used them?"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model, text_enum
from cloud_api.pricing.discounts.types import CodeOrigin, Trigger


class Kept(Model):
    """What staff keep: named, of one organisation, and put into an archive rather than deleted."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    archived_at: Mapped[datetime | None]


class TakesOff(Kept):
    """Takes something off a price: a percentage, with a cap if any, or a fixed amount."""

    __abstract__ = True

    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    fixed_minor: Mapped[int | None]
    fixed_currency: Mapped[str | None] = mapped_column(Text)
    cap_minor: Mapped[int | None]
    cap_currency: Mapped[str | None] = mapped_column(Text)
    only_weekdays: Mapped[bool] = mapped_column(server_default=false())
    only_weekends: Mapped[bool] = mapped_column(server_default=false())


class CodeRow(TakesOff):
    """A word a guest types; kept in capitals."""

    __tablename__ = "discount_codes"

    code: Mapped[str] = mapped_column(Text)
    origin: Mapped[CodeOrigin] = mapped_column(text_enum(CodeOrigin))
    note: Mapped[str] = mapped_column(Text, server_default="")
    minimum_minor: Mapped[int | None]
    minimum_currency: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    usage_limit: Mapped[int | None] = mapped_column(Integer)
    property_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=text("'{}'"))

    __table_args__ = (
        CheckConstraint("num_nonnulls(percent, fixed_minor) = 1", name="off"),
        CheckConstraint("code = upper(code)", name="capitals"),
        Index(
            "uq_discount_codes_code",
            "organisation_id",
            "code",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )


class CodeUseRow(Model):
    """A reservation was created with a code; taken back when `given_back_at` is set."""

    __tablename__ = "discount_code_uses"

    code_id: Mapped[UUID] = mapped_column(ForeignKey("discount_codes.id"))
    reservation_id: Mapped[UUID] = mapped_column(index=True)
    organisation_id: Mapped[UUID]
    used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    given_back_at: Mapped[datetime | None]

    __table_args__ = (PrimaryKeyConstraint("code_id", "reservation_id"),)


class AutomaticRow(TakesOff):
    """A discount nobody has to ask for."""

    __tablename__ = "automatic_discounts"

    name: Mapped[str] = mapped_column(Text)
    trigger: Mapped[Trigger] = mapped_column(text_enum(Trigger))
    arrival_from: Mapped[date | None]
    arrival_until: Mapped[date | None]
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"))
    achievement_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=text("'{}'"))
    base_price_only: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (CheckConstraint("num_nonnulls(percent, fixed_minor) = 1", name="off"),)


class ReferralRow(Kept):
    """What a guest gets whom somebody of this level has sent."""

    __tablename__ = "referral_discounts"

    achievement_id: Mapped[UUID]
    percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))

    __table_args__ = (UniqueConstraint("organisation_id", "achievement_id"),)


class DynamicRow(Kept):
    """How codes are made on demand, by the name of their occasion."""

    __tablename__ = "dynamic_code_configs"

    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    valid_days: Mapped[int] = mapped_column(Integer)
    minimum_minor: Mapped[int | None]
    minimum_currency: Mapped[str | None] = mapped_column(Text)
    usage_limit: Mapped[int | None] = mapped_column(Integer)
    property_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=text("'{}'"))

    __table_args__ = (
        Index(
            "uq_dynamic_code_configs_name",
            "organisation_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )
