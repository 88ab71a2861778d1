"""Which tables does fleet keep?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.fleet.configurations.models import ConfigurationRow
from cloud_api.fleet.lives.models import LivesRow
from cloud_api.fleet.looks.models import LookRow
from cloud_api.fleet.types import LEASE_SECONDS
from cloud_api.kit.db import Json, JsonObject, Model
from protocol.facts import GENESIS

__all__ = ["ConfigurationRow", "LivesRow", "LookRow"]

_HOUSE = "fleet_houses.house_id"


class HouseRow(Model):
    """One house: its keys, what it should hold, what it proved to hold, how it is."""

    __tablename__ = "fleet_houses"

    house_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text, server_default="")
    zone: Mapped[str] = mapped_column(Text, server_default="UTC")
    doors: Mapped[list[Json]] = mapped_column(JSONB, server_default="[]")
    players: Mapped[list[Json]] = mapped_column(JSONB, server_default="[]")
    things: Mapped[list[Json]] = mapped_column(JSONB, server_default="[]")
    music_rules: Mapped[JsonObject] = mapped_column(JSONB, server_default="{}")
    lease_seconds: Mapped[int] = mapped_column(server_default=str(LEASE_SECONDS))
    config_version: Mapped[int] = mapped_column(server_default="0")

    signing_key: Mapped[str | None] = mapped_column(Text)
    sealing_key: Mapped[str | None] = mapped_column(Text)
    software: Mapped[str | None] = mapped_column(Text)
    enrolled_at: Mapped[datetime | None]

    epoch: Mapped[int] = mapped_column(server_default="1")
    version: Mapped[int] = mapped_column(server_default="0")
    head_hash: Mapped[str | None] = mapped_column(Text)
    issued_at: Mapped[datetime | None]
    dirty: Mapped[bool] = mapped_column(server_default=text("false"))
    dirty_at: Mapped[datetime | None]
    frozen: Mapped[bool] = mapped_column(server_default=text("false"))
    frozen_reason: Mapped[str | None] = mapped_column(Text)
    build_trouble: Mapped[str | None] = mapped_column(Text)

    acked_epoch: Mapped[int | None]
    acked_version: Mapped[int | None]
    acked_hash: Mapped[str | None] = mapped_column(Text)
    acked_at: Mapped[datetime | None]
    refused_reason: Mapped[str | None] = mapped_column(Text)

    online: Mapped[bool] = mapped_column(server_default=text("false"))
    last_seen: Mapped[datetime | None]
    status: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    status_at: Mapped[datetime | None]
    sessions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    ahead_epoch: Mapped[int] = mapped_column(server_default="0")

    facts_chain: Mapped[int] = mapped_column(server_default="1")
    facts_through: Mapped[int] = mapped_column(server_default="0")
    facts_head: Mapped[str] = mapped_column(Text, server_default=GENESIS)
    facts_forked: Mapped[str | None] = mapped_column(Text)
    gap_through: Mapped[int | None]
    gap_at: Mapped[datetime | None]
    again_asked_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "organisation_id"),
        Index("ix_fleet_houses_dirty", "dirty_at", postgresql_where=text("dirty AND NOT frozen")),
    )


class ClaimRow(Model):
    """A one-time right to become a house's device. Only the token's hash is kept."""

    __tablename__ = "fleet_claims"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "house_id"),)


class CertificateRow(Model):
    """A certificate of a house's device at the broker. Its private key was never here."""

    __tablename__ = "fleet_certificates"

    serial: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID]
    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    key_hash: Mapped[str] = mapped_column(Text)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime]
    ends: Mapped[datetime]
    refused_at: Mapped[datetime | None]
    refused_why: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(None, "house_id"),
        Index(
            "ix_fleet_certificates_refused", "ends", postgresql_where=text("refused_at IS NOT NULL")
        ),
    )


class GrantRow(Model):
    """A grant the house shall hold. Private words and PINs rest in the vault."""

    __tablename__ = "fleet_grants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    stay_id: Mapped[UUID | None]
    parent: Mapped[UUID | None]
    generation: Mapped[int]
    role: Mapped[str] = mapped_column(Text)
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    rights: Mapped[list[str]] = mapped_column(ARRAY(Text))
    checked_in: Mapped[bool]
    lan_secret_hash: Mapped[str | None] = mapped_column(Text)
    max_delegations: Mapped[int]
    vaulted_words: Mapped[bytes | None] = mapped_column(LargeBinary)
    pins: Mapped[list[Json]] = mapped_column(JSONB)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    boxes: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    withdrawn_at: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("starts < ends", name="window"),
        Index(
            "ix_fleet_grants_live",
            "house_id",
            "ends",
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_fleet_grants_parent", "parent", postgresql_where=text("parent IS NOT NULL")),
    )


class TombstoneRow(Model):
    """A revoked id, kept until its window plus lease has ended."""

    __tablename__ = "fleet_tombstones"

    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    revoked_at: Mapped[datetime]
    window_end: Mapped[datetime]
    until: Mapped[datetime]
    version: Mapped[int | None]
    epoch: Mapped[int | None]

    __table_args__ = (PrimaryKeyConstraint("house_id", "id"),)


class SnapshotRow(Model):
    """The exact signed bytes of one version; only these are ever published."""

    __tablename__ = "fleet_snapshots"

    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    epoch: Mapped[int]
    version: Mapped[int]
    organisation_id: Mapped[UUID]
    bytes: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[str] = mapped_column(Text)
    grants: Mapped[int]
    issued_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    published_at: Mapped[datetime | None]
    acked_at: Mapped[datetime | None]

    __table_args__ = (
        PrimaryKeyConstraint("house_id", "epoch", "version"),
        Index(
            "ix_fleet_snapshots_unpublished",
            "issued_at",
            postgresql_where=text("published_at IS NULL"),
        ),
    )


class IssuedRow(Model):
    """What a grant said from one version on, until the first version that said otherwise."""

    __tablename__ = "fleet_issued"

    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    grant_id: Mapped[UUID]
    epoch: Mapped[int]
    version: Mapped[int]
    gone_epoch: Mapped[int | None]
    gone_version: Mapped[int | None]
    organisation_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    role: Mapped[str] = mapped_column(Text)
    stay_id: Mapped[UUID | None]
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    rights: Mapped[list[str]] = mapped_column(ARRAY(Text))
    generation: Mapped[int]
    credentials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    checked_in: Mapped[bool]

    __table_args__ = (
        PrimaryKeyConstraint("house_id", "grant_id", "epoch", "version"),
        Index(None, "ends"),
    )


class FactRow(Model):
    """One fact of a house: the exact bytes that were hashed and signed for.

    A replaced device begins a new chain; what the old one told stays.
    """

    __tablename__ = "fleet_facts"

    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    chain: Mapped[int]
    sequence: Mapped[int]
    organisation_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    exact: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]

    __table_args__ = (
        PrimaryKeyConstraint("house_id", "chain", "sequence"),
        Index(None, "organisation_id", "received_at"),
    )


class CommandRow(Model):
    """A live door command on its way, and its end."""

    __tablename__ = "fleet_commands"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    grant_id: Mapped[UUID]
    lock_id: Mapped[UUID]
    move: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    nonce_asked_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("move IN ('open', 'lock')", name="move"),
        CheckConstraint(
            "state IN ('wanted', 'asked', 'sent', 'done', 'refused', 'unknown')", name="state"
        ),
        Index(
            "ix_fleet_commands_open",
            "expires_at",
            postgresql_where=text("state IN ('wanted', 'asked', 'sent')"),
        ),
        Index(None, "house_id", "asked_at"),
    )


class MusicAskRow(Model):
    """A wish for music being relayed, and the house's answer."""

    __tablename__ = "fleet_music_asks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    house_id: Mapped[UUID] = mapped_column(ForeignKey(_HOUSE, ondelete="CASCADE"))
    grant_id: Mapped[UUID]
    ask: Mapped[JsonObject]
    state: Mapped[str] = mapped_column(Text)
    answer: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('wanted', 'sent', 'answered', 'expired')", name="state"),
        Index(
            "ix_fleet_music_asks_open",
            "expires_at",
            postgresql_where=text("state IN ('wanted', 'sent')"),
        ),
        Index(None, "asked_at"),
    )


class BadMessageRow(Model):
    """A refused uplink message: when, where, why, and its first bytes."""

    __tablename__ = "fleet_bad_messages"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    organisation_id: Mapped[UUID | None]
    house_id: Mapped[UUID | None]
    topic: Mapped[str] = mapped_column(Text)
    flaw: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    head: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "organisation_id", "id"),
        Index(None, "house_id", "received_at"),
    )


class BadMessageCountRow(Model):
    """How often each flaw was seen, for ever; unknown houses share one row a flaw."""

    __tablename__ = "fleet_bad_message_counts"

    house_id: Mapped[UUID]
    flaw: Mapped[str] = mapped_column(Text)
    times: Mapped[int]
    last_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("house_id", "flaw"),)


class KeyDocumentRow(Model):
    """A root-signed key document, as it is published. Public words only."""

    __tablename__ = "fleet_key_documents"

    version: Mapped[int] = mapped_column(primary_key=True)
    bytes: Mapped[bytes] = mapped_column(LargeBinary)
    root_public_key: Mapped[str] = mapped_column(Text)
    installed_at: Mapped[datetime]


class CourierRow(Model):
    """A courier's heartbeat."""

    __tablename__ = "fleet_couriers"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    connected: Mapped[bool]
