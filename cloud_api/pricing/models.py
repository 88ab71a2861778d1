"""Which tables hold prices, and the quotes that were made of them?

Amounts are minor units of the currency beside them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, composite, mapped_column

from cloud_api.kit.db import Model, text_enum
from cloud_api.kit.money import Money
from cloud_api.pricing.discounts.models import (
    AutomaticRow,
    CodeRow,
    CodeUseRow,
    DynamicRow,
    ReferralRow,
)
from cloud_api.pricing.types import Level

__all__ = [
    "AutomaticRow",
    "CodeRow",
    "CodeUseRow",
    "DynamicRow",
    "PolicyRow",
    "PriceEntry",
    "QuoteRow",
    "RateRow",
    "ReferralRow",
    "SeasonRow",
    "ServiceRow",
    "SettingsRow",
    "SpecialDateRow",
    "UnitPriceRow",
]

_PERCENT = Numeric(5, 2)


class PriceEntry(Model):
    """What every entry of the desk has: a tenant, and an archive instead of deletion."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    archived_at: Mapped[datetime | None]


class SettingsRow(Model):
    """One property's conventions; a property without a row has the defaults."""

    __tablename__ = "pricing_settings"

    property_id: Mapped[UUID] = mapped_column(ForeignKey("properties.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    weekend: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{4,5}'"))
    currency: Mapped[str | None] = mapped_column(Text)
    second_currency: Mapped[str | None] = mapped_column(Text)
    deposit_percent: Mapped[Decimal] = mapped_column(_PERCENT, server_default=text("30"))
    high_season_factor: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default=text("1.5"))
    weekend_factor: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default=text("1"))
    rounding: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    quote_minutes: Mapped[int] = mapped_column(Integer, server_default=text("1440"))
    charges: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    late_check_out: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    early_check_in: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("deposit_percent BETWEEN 0 AND 100", name="deposit_percent"),
        CheckConstraint("high_season_factor > 0 AND weekend_factor > 0", name="factors"),
        CheckConstraint("rounding > 0", name="rounding"),
        CheckConstraint("quote_minutes > 0", name="quote_minutes"),
    )


class UnitPriceRow(Model):
    """One unit's night prices for one person, all four or none, and what a further person costs."""

    __tablename__ = "pricing_unit_prices"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    currency: Mapped[str] = mapped_column(Text)
    low_weekday: Mapped[int | None]
    low_weekend: Mapped[int | None]
    high_weekday: Mapped[int | None]
    high_weekend: Mapped[int | None]
    extra_person: Mapped[int] = mapped_column(server_default=text("0"))
    fixed: Mapped[bool] = mapped_column(server_default=false())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint(
            "num_nulls(low_weekday, low_weekend, high_weekday, high_weekend) IN (0, 4)",
            name="all_or_none",
        ),
        CheckConstraint(
            "least(low_weekday, low_weekend, high_weekday, high_weekend, extra_person) >= 0",
            name="not_negative",
        ),
    )


class SeasonRow(PriceEntry):
    """Days of the year, both ends inside; of one property, or without one of all."""

    __tablename__ = "pricing_seasons"

    property_id: Mapped[UUID | None] = mapped_column(ForeignKey("properties.id"))
    level: Mapped[Level] = mapped_column(text_enum(Level))
    start_month: Mapped[int] = mapped_column(Integer)
    start_day: Mapped[int] = mapped_column(Integer)
    end_month: Mapped[int] = mapped_column(Integer)
    end_day: Mapped[int] = mapped_column(Integer)
    year: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(
            "start_month BETWEEN 1 AND 12 AND end_month BETWEEN 1 AND 12"
            " AND start_day BETWEEN 1 AND 31 AND end_day BETWEEN 1 AND 31",
            name="days",
        ),
        Index(None, "organisation_id", "property_id"),
    )


class SpecialDateRow(PriceEntry):
    """A day of the year with a price of its own; of one unit, or of every unit of a property."""

    __tablename__ = "pricing_special_dates"

    property_id: Mapped[UUID] = mapped_column(ForeignKey("properties.id"))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("units.id"))
    month: Mapped[int] = mapped_column(Integer)
    day: Mapped[int] = mapped_column(Integer)
    price_minor: Mapped[int]
    price_currency: Mapped[str] = mapped_column(Text)
    price: Mapped[Money] = composite("price_minor", "price_currency")
    minimum_nights: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    __table_args__ = (
        CheckConstraint("month BETWEEN 1 AND 12 AND day BETWEEN 1 AND 31", name="date"),
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("minimum_nights BETWEEN 1 AND 60", name="minimum_nights"),
        Index(
            "uq_pricing_special_dates_date",
            "property_id",
            "unit_id",
            "month",
            "day",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "organisation_id"),
    )


class ServiceRow(PriceEntry):
    """Something sold beside the nights; without properties at all of them."""

    __tablename__ = "pricing_services"

    description: Mapped[str] = mapped_column(Text, server_default="")
    mandatory: Mapped[bool] = mapped_column(server_default=false())
    per_night: Mapped[bool] = mapped_column(server_default=false())
    per_person: Mapped[bool] = mapped_column(server_default=false())
    price_minor: Mapped[int]
    price_currency: Mapped[str] = mapped_column(Text)
    price: Mapped[Money] = composite("price_minor", "price_currency")
    property_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    after: Mapped[str] = mapped_column(Text, server_default="")
    place: Mapped[int] = mapped_column(Integer, server_default=text("0"))

    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price"),
        Index(None, "organisation_id"),
    )


class PolicyRow(PriceEntry):
    """What goes back to whoever cancels early enough; of one property, or without one of all."""

    __tablename__ = "pricing_cancellation_policies"

    property_id: Mapped[UUID | None] = mapped_column(ForeignKey("properties.id"))
    days_before: Mapped[int] = mapped_column(Integer)
    refund_percent: Mapped[Decimal] = mapped_column(_PERCENT)
    is_default: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        CheckConstraint("days_before >= 0", name="days_before"),
        CheckConstraint("refund_percent BETWEEN 0 AND 100", name="refund_percent"),
        Index(None, "organisation_id", "property_id"),
        Index(
            "uq_pricing_cancellation_policies_default",
            "organisation_id",
            "property_id",
            unique=True,
            postgresql_where=text("is_default AND archived_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )


class RateRow(Model):
    """One whole unit of `base` is worth `value` of `quote`, from an instant on. Never changed."""

    __tablename__ = "pricing_exchange_rates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    base: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)
    value: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("value > 0", name="value"),
        CheckConstraint("base <> quote", name="two_currencies"),
        UniqueConstraint("organisation_id", "base", "quote", "valid_from"),
    )


class QuoteRow(Model):
    """A quote that was given: exactly the text that was signed. `kept_at`: something was booked."""

    __tablename__ = "pricing_quotes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    property_id: Mapped[UUID] = mapped_column(ForeignKey("properties.id"))
    document: Mapped[str] = mapped_column(Text)
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    kept_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "organisation_id", "property_id", "made_at"),
        Index(
            "ix_pricing_quotes_forgettable", "expires_at", postgresql_where=text("kept_at IS NULL")
        ),
    )
