"""How are companions' requests read and written?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from cloud_api.access.models import GrantRow, RequestRow
from cloud_api.access.types import GrantState, Holder, RequestState
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped


async def grant_of_invitation(session: Session, join_hash: str) -> GrantRow | None:
    """The live guest grant an invitation belongs to, locked so that counting is exact."""
    statement = (
        select(GrantRow)
        .where(GrantRow.join_hash == join_hash, GrantRow.state == GrantState.ACTIVE)
        .with_for_update()
    )
    because = "whoever holds the invitation is known by it alone"
    return await session.scalar(across_tenants(statement, because=because))


async def open_places(session: Session, parent_id: UUID) -> int:
    """How many companions and pending requests a stay has."""
    companions = select(func.count()).where(
        GrantRow.parent_id == parent_id,
        GrantRow.holder == Holder.COMPANION,
        GrantRow.state == GrantState.ACTIVE,
    )
    waiting = select(func.count()).where(
        RequestRow.parent_id == parent_id, RequestRow.state == RequestState.PENDING
    )
    because = "the parent was read by its own secret"
    taken = await session.scalar(across_tenants(companions, because=because))
    pending = await session.scalar(across_tenants(waiting, because=because))
    return (taken or 0) + (pending or 0)


async def by_id(session: Session, request_id: UUID) -> RequestRow | None:
    """One request, locked; the caller checks whose it is."""
    statement = select(RequestRow).where(RequestRow.id == request_id).with_for_update()
    because = "bookers and houses are checked against the request's parent"
    return await session.scalar(across_tenants(statement, because=because))


async def by_waiting(session: Session, waiting_hash: str) -> RequestRow | None:
    """The request of the companion who holds this secret."""
    statement = select(RequestRow).where(RequestRow.waiting_hash == waiting_hash)
    because = "the companion is known by the secret alone"
    return await session.scalar(across_tenants(statement, because=because))


async def of_parent(session: Session, parent_id: UUID) -> list[RequestRow]:
    """A stay's requests, newest first."""
    statement = (
        select(RequestRow)
        .where(RequestRow.parent_id == parent_id)
        .order_by(RequestRow.created_at.desc())
        .limit(100)
    )
    because = "the parent belongs to the caller's own session"
    return list(await session.scalars(across_tenants(statement, because=because)))


def listed(scope: Scope, *, state: RequestState | None) -> Select[RequestRow]:
    """The organisation's requests."""
    statement = scoped(select(RequestRow), RequestRow, scope)
    return statement if state is None else statement.where(RequestRow.state == state)


async def find(session: Session, scope: Scope, request_id: UUID) -> RequestRow | None:
    """One request of the caller's organisation, locked."""
    statement = scoped(select(RequestRow), RequestRow, scope).where(RequestRow.id == request_id)
    found: RequestRow | None = await session.scalar(statement.with_for_update())
    return found


async def overdue(session: Session, now: datetime, *, limit: int) -> list[RequestRow]:
    """Pending requests whose time has passed."""
    statement = (
        select(RequestRow)
        .where(RequestRow.state == RequestState.PENDING, RequestRow.expires_at <= now)
        .order_by(RequestRow.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    because = "time passes for every tenant"
    return list(await session.scalars(across_tenants(statement, because=because)))
