"""Which tables hold events, contests and who takes part?"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
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

from cloud_api.crm.contests.types import ContestStatus, Counts, EntryStatus
from cloud_api.kit.db import Model, text_enum


class CategoryRow(Model):
    """A kind of event."""

    __tablename__ = "contest_categories"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("uq_contest_categories_title", "organisation_id", text("lower(title)"), unique=True),
    )


class ContestRow(Model):
    """An event; a contest where it counts something."""

    __tablename__ = "contests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("contest_categories.id"))
    title: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[ContestStatus] = mapped_column(text_enum(ContestStatus))
    active: Mapped[bool] = mapped_column(server_default=true())
    starts_at: Mapped[datetime]
    deadline: Mapped[datetime]
    capacity: Mapped[int | None] = mapped_column(Integer)
    min_points: Mapped[int] = mapped_column(server_default=text("0"))
    needs_facebook: Mapped[bool] = mapped_column(server_default=false())
    needs_stay: Mapped[bool] = mapped_column(server_default=true())
    needs_evidence: Mapped[bool] = mapped_column(server_default=false())
    achievement_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=text("'{}'"))
    counts: Mapped[Counts | None] = mapped_column(text_enum(Counts))
    winners_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("organisation_id", "slug"),
        CheckConstraint("deadline <= starts_at", name="deadline"),
        CheckConstraint("capacity > 0", name="capacity"),
        Index(None, "winners_on"),
    )


class ContestEntryRow(Model):
    """Somebody's registration. `notified_at`: the winner was told."""

    __tablename__ = "contest_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contests.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id"), index=True)
    status: Mapped[EntryStatus] = mapped_column(text_enum(EntryStatus))
    registered_at: Mapped[datetime]
    file_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    winner: Mapped[bool] = mapped_column(server_default=false())
    prize: Mapped[str] = mapped_column(Text, server_default="")
    notified_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("contest_id", "client_id"),
        Index(
            "ix_contest_entries_untold",
            "contest_id",
            postgresql_where=text("winner AND notified_at IS NULL"),
        ),
    )
