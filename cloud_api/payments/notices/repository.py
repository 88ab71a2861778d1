"""How are webhooks kept, and handed to who heeds them?"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text

from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import across_tenants
from cloud_api.payments.models import NoticeRow

# Told again it is the same row, made due again: what it is about may have changed since.
_KEEP = text("""
INSERT INTO payment_notices AS n (id, organisation_id, account_id, event_id, genuine, body,
    reference, provider_id, ignored, due_at)
VALUES (:id, :organisation_id, :account_id, :event_id, :genuine, :body, :reference, :provider_id,
    :ignored, :due_at)
ON CONFLICT (account_id, event_id) DO UPDATE SET times = n.times + 1, body = excluded.body,
    due_at = excluded.due_at, tries = 0
WHERE n.genuine = excluded.genuine
""")
_TAKE = text("""
UPDATE payment_notices SET leased_until = :until, tries = tries + 1 WHERE id IN (
    SELECT id FROM payment_notices
    WHERE due_at <= :now AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
) RETURNING id
""")
_HEEDED = text("""
UPDATE payment_notices SET leased_until = NULL, heeded_at = :now,
    due_at = CASE WHEN times = :times THEN NULL ELSE due_at END
WHERE id = :id
""")
_AGAIN = text("UPDATE payment_notices SET leased_until = NULL, due_at = :due_at WHERE id = :id")
_PURGE = text(
    "DELETE FROM payment_notices WHERE due_at IS NULL"
    " AND created_at < now() - make_interval(days => :days)"
)


async def keep(
    session: Session,
    *,
    organisation_id: UUID,
    account_id: UUID,
    event_id: str,
    body: bytes,
    genuine: bool,
    reference: str = "",
    provider_id: str = "",
    ignored: str = "",
    due_at: datetime | None = None,
) -> None:
    """Keep one webhook, in one statement."""
    await session.execute(
        _KEEP,
        {
            "id": new_id(),
            "organisation_id": organisation_id,
            "account_id": account_id,
            "event_id": event_id[:200],
            "genuine": genuine,
            "body": body,
            "reference": reference[:200],
            "provider_id": provider_id[:200],
            "ignored": ignored[:200],
            "due_at": due_at,
        },
    )


async def take(session: Session, *, now: datetime, lease: timedelta, most: int) -> list[NoticeRow]:
    """Lease those that are due."""
    ids = list(await session.scalars(_TAKE, {"now": now, "until": now + lease, "most": most}))
    statement = select(NoticeRow).where(NoticeRow.id.in_(ids))
    because = "a worker heeds notices of every tenant"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def heeded(session: Session, notice_id: UUID, *, times: int, now: datetime) -> None:
    """Done with, unless it was told again meanwhile."""
    await session.execute(_HEEDED, {"id": notice_id, "times": times, "now": now})


async def again(session: Session, notice_id: UUID, *, due_at: datetime | None) -> None:
    """Heed it later; None: never."""
    await session.execute(_AGAIN, {"id": notice_id, "due_at": due_at})


async def purge(session: Session, *, days: int) -> None:
    """Forget what was heeded so long ago."""
    await session.execute(_PURGE, {"days": days})
