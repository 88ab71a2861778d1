"""Which tables hold what happens in town, and what was asked to learn it?"""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import JsonObject, Model, text_enum
from cloud_api.pricing.demand.types import Demand, EventStatus, SuggestionState


class DemandSettingsRow(Model):
    """An organisation's key at the vendor, encrypted, and its numbers; without a row: defaults."""

    __tablename__ = "demand_settings"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    api_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_mark: Mapped[bytes | None] = mapped_column(LargeBinary)
    numbers: Mapped[JsonObject] = mapped_column(JSONB, server_default=text("'{}'"))
    horizon_days: Mapped[int] = mapped_column(Integer, server_default=text("365"))
    last_trouble: Mapped[str] = mapped_column(Text, server_default="")
    last_success_at: Mapped[datetime | None]


class BudgetRow(Model):
    """What may be asked with one key, whoever has it; `used` are the requests of `day` (UTC)."""

    __tablename__ = "demand_budgets"

    key_mark: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    day: Mapped[date]
    used: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    daily_limit: Mapped[int] = mapped_column(Integer, server_default=text("5000"))
    granted_at: Mapped[datetime | None]
    closed_until: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("used >= 0", name="used"),)


class PlaceRow(Model):
    """A town that is watched, and for which properties."""

    __tablename__ = "demand_places"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    city: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    property_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index(
            "uq_demand_places_town", "organisation_id", text("lower(city)"), "country", unique=True
        ),
    )


class VenueRow(Model):
    """A hall that is minded."""

    __tablename__ = "demand_venues"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("demand_places.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    vendor_id: Mapped[str] = mapped_column(Text, server_default="")
    bonus: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    priority: Mapped[bool] = mapped_column(server_default=true())
    by_title: Mapped[bool] = mapped_column(server_default=false())
    always_alert: Mapped[bool] = mapped_column(server_default=false())
    price_minor: Mapped[int | None]
    price_currency: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(None, "organisation_id"),
        Index("uq_demand_venues_name", "place_id", text("lower(name)"), unique=True),
    )


class SearchRow(Model):
    """One thing asked again and again: a hall's events, or (without a hall) a town's.

    `first`, `until`, `end_day` and `page` say where a search that was begun stands; `asked` counts
    its requests so far, `cost` those of the last whole one.
    """

    __tablename__ = "demand_searches"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("demand_places.id", ondelete="CASCADE"))
    venue_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("demand_venues.id", ondelete="CASCADE")
    )
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    first: Mapped[date | None]
    until: Mapped[date | None]
    end_day: Mapped[date | None]
    page: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    asked: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    cost: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))

    __table_args__ = (
        Index(None, "organisation_id"),
        Index(None, "due_at"),
        UniqueConstraint("place_id", "venue_id", postgresql_nulls_not_distinct=True),
    )


class HappeningRow(Model):
    """One event, what we think of it, and what became of the price it suggests.

    `made` are the special dates an accepted suggestion has made or changed.
    """

    __tablename__ = "demand_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("demand_places.id", ondelete="CASCADE"))
    vendor_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    starts: Mapped[time | None]
    status: Mapped[EventStatus] = mapped_column(text_enum(EventStatus))
    url: Mapped[str] = mapped_column(Text, server_default="")
    venue: Mapped[str] = mapped_column(Text, server_default="")
    vendor_venue_id: Mapped[str] = mapped_column(Text, server_default="")
    sale_begins: Mapped[datetime | None]
    sale_ends: Mapped[datetime | None]
    least_price: Mapped[int | None]
    most_price: Mapped[int | None]
    venue_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("demand_venues.id", ondelete="SET NULL")
    )
    score: Mapped[int] = mapped_column(Integer)
    demand: Mapped[Demand] = mapped_column(text_enum(Demand))
    sold_out: Mapped[bool]
    alert: Mapped[bool]
    price_minor: Mapped[int]
    price_currency: Mapped[str] = mapped_column(Text)
    state: Mapped[SuggestionState] = mapped_column(
        text_enum(SuggestionState), server_default="open"
    )
    made: Mapped[JsonObject] = mapped_column(JSONB, server_default=text("'{}'"))
    decided_at: Mapped[datetime | None]
    alerted_at: Mapped[datetime | None]
    short_listed: Mapped[bool] = mapped_column(server_default=false())
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("organisation_id", "vendor_id"),
        Index(None, "organisation_id", "day"),
        Index(None, "place_id"),
        Index(
            "ix_demand_events_to_alert",
            "organisation_id",
            postgresql_where=text("alert AND alerted_at IS NULL"),
        ),
    )
