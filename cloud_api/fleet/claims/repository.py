"""How is a claim used once, whoever comes first?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from cloud_api.fleet.claims.types import Fate
from cloud_api.kit.db import Session
from protocol.house import HouseIdentity

# An unused older token dies when a new one is made: one house, one open claim.
_INSERT = text("""
WITH gone AS (DELETE FROM fleet_claims WHERE house_id = :house_id AND used_at IS NULL)
INSERT INTO fleet_claims (id, organisation_id, house_id, token_hash, made_at, expires_at)
VALUES (:id, :organisation_id, :house_id, :token_hash, :now, :expires_at)
""")
# The token alone names the tenant: its bearer has no account.
_USE = text("""
UPDATE fleet_claims SET used_at = :now
WHERE token_hash = :token_hash AND house_id = :house_id AND used_at IS NULL AND expires_at > :now
RETURNING organisation_id
""")
# The same device asking again never got its answer.
_REPEATED = text("""
SELECT h.name, h.zone FROM fleet_claims c JOIN fleet_houses h USING (house_id)
WHERE c.token_hash = :token_hash AND c.house_id = :house_id AND c.used_at IS NOT NULL
    AND c.expires_at > :now AND h.signing_key = :signing_key AND h.sealing_key = :sealing_key
""")
_FATE = text(
    "SELECT used_at, expires_at FROM fleet_claims"
    " WHERE token_hash = :token_hash AND house_id = :house_id"
)
# A new device begins a new chain of facts and holds no book; what the old one told stays.
_ENROL = text("""
UPDATE fleet_houses SET signing_key = :signing_key, sealing_key = :sealing_key,
    software = :software, enrolled_at = :now,
    facts_chain = CASE WHEN signing_key IS NULL THEN facts_chain ELSE facts_chain + 1 END,
    facts_through = 0, facts_head = repeat('0', 64), facts_forked = NULL,
    gap_through = NULL, gap_at = NULL, again_asked_at = NULL,
    acked_epoch = NULL, acked_version = NULL, acked_hash = NULL, acked_at = NULL,
    refused_reason = NULL, frozen = false, frozen_reason = NULL,
    online = false, status = NULL, status_at = NULL, sessions = '{}'
WHERE house_id = :house_id AND organisation_id = :organisation_id
RETURNING name, zone
""")


@dataclass(frozen=True, slots=True)
class HouseName:
    """What a device learns about its house."""

    name: str
    zone: str


async def insert(
    session: Session,
    *,
    claim_id: UUID,
    organisation_id: UUID,
    house_id: UUID,
    token_hash: bytes,
    now: datetime,
    expires_at: datetime,
) -> None:
    """One open claim; older unused ones die."""
    values = {
        "id": claim_id,
        "organisation_id": organisation_id,
        "house_id": house_id,
        "token_hash": token_hash,
        "now": now,
        "expires_at": expires_at,
    }
    await session.execute(_INSERT, values)


async def use(session: Session, *, house_id: UUID, token_hash: bytes, now: datetime) -> UUID | None:
    """The organisation, once; None for a token that is unknown, used or expired."""
    values = {"house_id": house_id, "token_hash": token_hash, "now": now}
    organisation_id: UUID | None = await session.scalar(_USE, values)
    return organisation_id


async def repeated(
    session: Session, identity: HouseIdentity, *, token_hash: bytes, now: datetime
) -> HouseName | None:
    """The house, when this very device used this token and is still its device."""
    values = {
        "house_id": identity.house,
        "token_hash": token_hash,
        "signing_key": identity.signing_key,
        "sealing_key": identity.sealing_key,
        "now": now,
    }
    row = (await session.execute(_REPEATED, values)).one_or_none()
    return None if row is None else HouseName(row.name, row.zone)


async def fate(session: Session, *, house_id: UUID, token_hash: bytes) -> Fate | None:
    """What became of the token; None for one that never was, or was replaced unused."""
    values = {"house_id": house_id, "token_hash": token_hash}
    row = (await session.execute(_FATE, values)).one_or_none()
    return None if row is None else Fate(row.used_at, row.expires_at)


async def enrol(
    session: Session, identity: HouseIdentity, *, organisation_id: UUID, now: datetime
) -> HouseName | None:
    """This device is the house from now on."""
    values = {
        "house_id": identity.house,
        "organisation_id": organisation_id,
        "signing_key": identity.signing_key,
        "sealing_key": identity.sealing_key,
        "software": identity.software,
        "now": now,
    }
    row = (await session.execute(_ENROL, values)).one_or_none()
    return None if row is None else HouseName(row.name, row.zone)
