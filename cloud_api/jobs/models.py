"""Which tables do the workers keep, beside the engine's own?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import PrimaryKeyConstraint, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class EventWakeRow(Model):
    """An event's name that somebody reacts to: publishing it wakes the workers at once."""

    __tablename__ = "event_wakes"

    name: Mapped[str] = mapped_column(Text, primary_key=True)


class ReactionDoneRow(Model):
    """This reaction to this event has taken effect; written in the effect's transaction."""

    __tablename__ = "reactions_done"

    event_id: Mapped[int]
    reaction: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (PrimaryKeyConstraint("event_id", "reaction"),)


class WorkerRow(Model):
    """A worker process and when it last said that it lives, by the database's clock."""

    __tablename__ = "workers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    beat_at: Mapped[datetime] = mapped_column(server_default=func.now())


class JobRunRow(Model):
    """How the clock's jobs went."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    runs: Mapped[int] = mapped_column(server_default="0")
    failures_in_a_row: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(Text)
