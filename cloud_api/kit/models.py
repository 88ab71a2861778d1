"""Which tables stand below every room?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Identity, Index, Integer, LargeBinary, PrimaryKeyConstraint, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import JsonObject, Model


class EventRow(Model):
    """Something that happened, waiting for the reactions to it."""

    __tablename__ = "events_outbox"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID | None]
    payload: Mapped[JsonObject] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.now())
    dispatched_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_events_outbox_undispatched", "id", postgresql_where=text("dispatched_at IS NULL")
        ),
    )


class IdempotencyRow(Model):
    """The first answer to one caller's key."""

    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(Integer)
    media_type: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)

    __table_args__ = (PrimaryKeyConstraint("principal", "key"),)


class ThrottleRow(Model):
    """Attempts counted in one slot of time; `bucket` is a keyed hash, never an address."""

    __tablename__ = "throttle_slots"

    bucket: Mapped[bytes] = mapped_column(LargeBinary)
    slot: Mapped[int]
    hits: Mapped[int] = mapped_column(Integer)
    counts_until: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (PrimaryKeyConstraint("bucket", "slot"),)


class AuditRow(Model):
    """What a member of staff, a key or the system did to what."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    organisation_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(Text)
    object_type: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    before: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    request_id: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(None, "organisation_id", "id"),
        Index(None, "organisation_id", "object_type", "object_id"),
    )
