"""Which tables hold grants, PINs, requests and guests' sessions?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class GrantRow(Model):
    """One holder's rights in one house for one window.

    `link_hash` and `lan_hash` are hashes of derived secrets; the secrets are never stored.
    `delegated`: made in the house by the booker and adopted here; the house holds it already.
    """

    __tablename__ = "access_grants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    house_id: Mapped[UUID] = mapped_column(index=True)
    reservation_id: Mapped[UUID | None] = mapped_column(index=True)
    staff_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None] = mapped_column(index=True)
    holder: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="active")
    delegated: Mapped[bool] = mapped_column(server_default=text("false"))
    generation: Mapped[int] = mapped_column(Integer, server_default="1")
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    rights: Mapped[list[str]] = mapped_column(JSONB)
    name: Mapped[str] = mapped_column(Text, server_default="")
    language: Mapped[str] = mapped_column(Text, server_default="en")
    checked_in: Mapped[bool] = mapped_column(server_default=text("false"))
    max_delegations: Mapped[int] = mapped_column(Integer, server_default="0")
    link_hash: Mapped[str | None] = mapped_column(Text)
    lan_hash: Mapped[str | None] = mapped_column(Text)
    join_hash: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("starts < ends", name="window_not_empty"),
        # One live guest grant per reservation, whatever is delivered twice.
        Index(
            "uq_access_grants_one_guest",
            "reservation_id",
            unique=True,
            postgresql_where=text("holder = 'guest' AND state = 'active'"),
        ),
        Index(
            "uq_access_grants_link_hash",
            "link_hash",
            unique=True,
            postgresql_where=text("link_hash IS NOT NULL"),
        ),
        Index(
            "uq_access_grants_join_hash",
            "join_hash",
            unique=True,
            postgresql_where=text("join_hash IS NOT NULL"),
        ),
        Index(None, "organisation_id", "ends"),
    )


class PinRow(Model):
    """A stay's PIN at one lock, and where the house says it stands.

    `reported_chain` and `reported_sequence`: the house's fact that told `state`; null before any.
    """

    __tablename__ = "access_pins"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    grant_id: Mapped[UUID] = mapped_column(index=True)
    lock_id: Mapped[UUID]
    digits: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="wanted")
    reason: Mapped[str | None] = mapped_column(Text)
    state_at: Mapped[datetime] = mapped_column(server_default=func.now())
    reported_chain: Mapped[int | None]
    reported_sequence: Mapped[int | None]
    wanted: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index(
            "uq_access_pins_grant_lock",
            "grant_id",
            "lock_id",
            unique=True,
            postgresql_where=text("wanted"),
        ),
        # No two people ever share a PIN at one lock, not even years apart.
        Index("uq_access_pins_lock_fingerprint", "lock_id", "fingerprint", unique=True),
    )


class RequestRow(Model):
    """A companion asks; the booker or the host answers before it expires."""

    __tablename__ = "access_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    house_id: Mapped[UUID]
    parent_id: Mapped[UUID] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(Text)
    wants: Mapped[list[str]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    in_house: Mapped[bool] = mapped_column(server_default=text("false"))
    waiting_hash: Mapped[str | None] = mapped_column(Text, index=True)
    grant_id: Mapped[UUID | None]
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_access_requests_pending",
            "expires_at",
            postgresql_where=text("state = 'pending'"),
        ),
    )


class GuestSessionRow(Model):
    """A browser that once showed a link's secret; dies with the grant's generation."""

    __tablename__ = "access_guest_sessions"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID]
    grant_id: Mapped[UUID] = mapped_column(index=True)
    generation: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class VendorAccountRow(Model):
    """An organisation's account at the lock vendor; `account` is encrypted as a whole."""

    __tablename__ = "access_vendor_accounts"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class VendorLockRow(Model):
    """What one of our locks is called at the vendor."""

    __tablename__ = "access_vendor_locks"

    lock_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    vendor_lock: Mapped[int]


class OfflineCodeRow(Model):
    """A code handed out; it cannot be taken back. The same hours never serve two grants."""

    __tablename__ = "access_offline_codes"

    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    lock_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    digits: Mapped[bytes] = mapped_column(LargeBinary)
    vendor_code: Mapped[int]
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    asked_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("starts < ends", name="period_not_empty"),
        Index("uq_access_offline_codes_lock_period", "lock_id", "starts", "ends", unique=True),
    )


class LockHintRow(Model):
    """Which record a vendor has told of already; nothing else of its message is kept."""

    __tablename__ = "access_lock_hints"

    lock_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_type: Mapped[int] = mapped_column(primary_key=True)
    lock_date: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    heard_at: Mapped[datetime] = mapped_column(index=True)
