"""Where do certificates rest, and how are they refused?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from cloud_api.fleet.certificates.types import Certificate, Why
from cloud_api.fleet.models import CertificateRow
from cloud_api.fleet.ports import Issued, Refused
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, scoped

_INSERT = text("""
INSERT INTO fleet_certificates
    (serial, organisation_id, house_id, key_hash, chain, issued_at, ends)
SELECT :serial, organisation_id, house_id, :key_hash, :chain, :issued_at, :ends
FROM fleet_houses WHERE house_id = :house_id
""")
# A device has no account: its house and the key it signed with name it. The house's row is taken
# first, so that a renewal and a new enrolment come one after the other.
_TAKE_HOUSE = text("SELECT 1 FROM fleet_houses WHERE house_id = :house_id FOR NO KEY UPDATE")
_NEWEST = text("""
SELECT serial, house_id, chain, issued_at, ends, refused_at FROM fleet_certificates
WHERE house_id = :house_id AND key_hash = :key_hash ORDER BY issued_at DESC, ends DESC LIMIT 1
""")
_REFUSE = text("""
UPDATE fleet_certificates SET refused_at = :now, refused_why = :why
WHERE house_id = :house_id AND refused_at IS NULL RETURNING serial
""")
# The list is one for the whole installation; it names serials and nothing else.
_REFUSED = text("""
SELECT serial, refused_at FROM fleet_certificates
WHERE refused_at IS NOT NULL AND ends > :now ORDER BY refused_at, serial
""")
_PRUNE = text("DELETE FROM fleet_certificates WHERE ends < :before")


async def insert(
    session: Session, issued: Issued, *, house_id: UUID, key_hash: str, now: datetime
) -> None:
    """Keep a fresh certificate."""
    values = {
        "serial": issued.serial,
        "house_id": house_id,
        "key_hash": key_hash,
        "chain": issued.chain,
        "issued_at": now,
        "ends": issued.ends,
    }
    await session.execute(_INSERT, values)


async def newest(session: Session, *, house_id: UUID, key_hash: str) -> Certificate | None:
    """The last one of this very device; the house's row is held until the transaction ends."""
    await session.execute(_TAKE_HOUSE, {"house_id": house_id})
    row = (
        await session.execute(_NEWEST, {"house_id": house_id, "key_hash": key_hash})
    ).one_or_none()
    if row is None:
        return None
    return Certificate(row.serial, row.house_id, row.chain, row.issued_at, row.ends, row.refused_at)


async def refuse(session: Session, *, house_id: UUID, why: Why, now: datetime) -> int:
    """All of the house's; answers how many held until now."""
    values = {"house_id": house_id, "why": why.value, "now": now}
    return len((await session.execute(_REFUSE, values)).all())


async def refused(session: Session, *, now: datetime) -> list[Refused]:
    """Every refused one that time has not ended."""
    rows = await session.execute(_REFUSED, {"now": now})
    return [Refused(row.serial, row.refused_at) for row in rows]


async def of_house(session: Session, scope: Scope, house_id: UUID) -> Sequence[CertificateRow]:
    """The house's, newest first."""
    query = select(CertificateRow).where(CertificateRow.house_id == house_id)
    newest_first = query.order_by(CertificateRow.issued_at.desc(), CertificateRow.serial)
    return (await session.scalars(scoped(newest_first, CertificateRow, scope))).all()


async def prune(session: Session, *, before: datetime) -> None:
    """Forget what has ended long ago."""
    await session.execute(_PRUNE, {"before": before})
