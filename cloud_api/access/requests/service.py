"""How does a companion ask, and who may say yes?"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.access.errors import (
    AnswerInHouseError,
    LinkRefusedError,
    NothingToGrantError,
    RequestDecidedError,
    RequestNotFoundError,
    TooManyCompanionsError,
)
from cloud_api.access.events import RequestAnswered, RequestMade
from cloud_api.access.grants import service as grants_service
from cloud_api.access.grants.rows import new_child
from cloud_api.access.grants.types import Makings
from cloud_api.access.models import GrantRow, RequestRow
from cloud_api.access.requests import repository
from cloud_api.access.rules import companion_rights
from cloud_api.access.types import Approver, GrantState, Guest, Holder, RequestState
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.tenancy import Scope
from protocol.access import secret_hash

# Long enough to find the booker in the garden, short enough not to be forgotten.
REQUEST_LIFETIME = timedelta(minutes=30)
EXPIRY_BATCH = 200


async def ask(
    session: Session,
    makings: Makings,
    *,
    join_code: str,
    name: str,
    wants: tuple[str, ...],
) -> tuple[RequestRow, str]:
    """File a request; answers it with the companion's waiting secret, shown this once.

    Raises LinkRefusedError, NothingToGrantError, TooManyCompanionsError.
    """
    now = makings.clock.utc_now()
    parent = await repository.grant_of_invitation(session, secret_hash(join_code))
    if parent is None or parent.ends <= now:
        raise LinkRefusedError
    if not companion_rights(parent.rights, wants):
        raise NothingToGrantError
    if await repository.open_places(session, parent.id) >= parent.max_delegations:
        raise TooManyCompanionsError(extra={"most": parent.max_delegations})
    waiting = secrets.token_hex(32)
    row = RequestRow(
        id=makings.new_id(),
        organisation_id=parent.organisation_id,
        house_id=parent.house_id,
        parent_id=parent.id,
        name=name,
        wants=list(wants),
        state=RequestState.PENDING,
        in_house=False,
        waiting_hash=secret_hash(waiting),
        expires_at=min(now + REQUEST_LIFETIME, parent.ends),
    )
    session.add(row)
    await session.flush()
    await publish(
        session,
        RequestMade(
            request_id=row.id,
            organisation_id=row.organisation_id,
            house_id=row.house_id,
            parent_id=row.parent_id,
        ),
        organisation_id=row.organisation_id,
    )
    return row, waiting


async def answer_as_booker(
    session: Session,
    makings: Makings,
    guest: Guest,
    request_id: UUID,
    *,
    approve: bool,
) -> RequestRow:
    """The guest who booked says yes or no. RequestNotFoundError for anybody else's request."""
    row = await repository.by_id(session, request_id)
    if row is None or row.parent_id != guest.grant_id or "access:approve" not in guest.rights:
        raise RequestNotFoundError
    return await _answer(session, makings, row, approve=approve, by=Approver.BOOKER)


async def answer_as_staff(
    session: Session,
    makings: Makings,
    scope: Scope,
    request_id: UUID,
    *,
    approve: bool,
) -> RequestRow:
    """A member of staff says yes or no."""
    row = await repository.find(session, scope, request_id)
    if row is None:
        raise RequestNotFoundError
    return await _answer(session, makings, row, approve=approve, by=Approver.STAFF)


async def _answer(
    session: Session,
    makings: Makings,
    row: RequestRow,
    *,
    approve: bool,
    by: Approver,
) -> RequestRow:
    now = makings.clock.utc_now()
    if row.in_house and row.state == RequestState.PENDING:
        raise AnswerInHouseError
    if row.state != RequestState.PENDING or row.expires_at <= now:
        raise RequestDecidedError(extra={"state": row.state})
    if approve:
        row.grant_id = (await _admit(session, makings, row)).id
    row.state = RequestState.APPROVED if approve else RequestState.DENIED
    row.decided_by, row.decided_at = by, now
    await _tell(session, row)
    return row


async def _admit(session: Session, makings: Makings, row: RequestRow) -> GrantRow:
    """A companion's grant: inside the booker's window and rights, ending with them."""
    parent = await grants_service.of_id(session, row.parent_id)
    if parent is None or parent.state != GrantState.ACTIVE:
        raise RequestDecidedError(extra={"state": "stay_ended"})
    child = new_child(
        makings, parent, name=row.name, rights=companion_rights(parent.rights, row.wants)
    )
    session.add(child)
    await session.flush()
    await grants_service.desire(session, makings, child)
    return child


async def state_for_companion(
    session: Session, *, waiting: str, now: datetime
) -> tuple[RequestState, GrantRow | None]:
    """Where the waiting companion's request stands, with the grant once approved."""
    row = await repository.by_waiting(session, secret_hash(waiting))
    if row is None:
        raise RequestNotFoundError
    if row.state == RequestState.PENDING and row.expires_at <= now:
        return RequestState.EXPIRED, None
    grant = await grants_service.peek(session, row.grant_id) if row.grant_id else None
    live = grant if grant and grant.state == GrantState.ACTIVE else None
    return RequestState(row.state), live


async def of_booker(session: Session, guest: Guest) -> list[RequestRow]:
    """The requests the guest who booked may answer or has answered."""
    return await repository.of_parent(session, guest.grant_id)


async def expire(session: Session, *, now: datetime) -> list[UUID]:
    """End requests nobody answered; answers which."""
    rows = await repository.overdue(session, now, limit=EXPIRY_BATCH)
    for row in rows:
        row.state, row.decided_at = RequestState.EXPIRED, now
        await _tell(session, row)
    return [row.id for row in rows]


async def remove_companion(session: Session, clock: Clock, guest: Guest, grant_id: UUID) -> None:
    """The booker ends a companion's grant, also one made in the house."""
    child = await grants_service.of_id(session, grant_id)
    if child is None or child.parent_id != guest.grant_id or child.holder != Holder.COMPANION:
        raise RequestNotFoundError
    if child.state == GrantState.ACTIVE:
        await grants_service.end(session, clock, child, reason="removed_by_booker")


async def _tell(session: Session, row: RequestRow) -> None:
    await publish(
        session,
        RequestAnswered(
            request_id=row.id,
            organisation_id=row.organisation_id,
            house_id=row.house_id,
            state=row.state,
        ),
        organisation_id=row.organisation_id,
    )
