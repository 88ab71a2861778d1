"""How does access take in what a house reports?

Each function may be called again with the same fact: the second time nothing changes.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.access.events import GuestArrived, RequestAnswered, RequestMade
from cloud_api.access.grants import repository as grants_repository
from cloud_api.access.grants import service as grants_service
from cloud_api.access.grants.types import Makings
from cloud_api.access.models import GrantRow, RequestRow
from cloud_api.access.requests import repository as requests_repository
from cloud_api.access.rules import is_delegable
from cloud_api.access.types import Approver, GrantState, Holder, RequestState
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.tenancy import PrincipalKind, Scope
from protocol.access import Delegation
from protocol.envelope import EnvelopeError, Kind, open_envelope, read_body
from protocol.facts import (
    Alarmed,
    DelegationEnded,
    FirstUsed,
    PinMoved,
    PinNext,
    PinState,
    RequestDecided,
    Requested,
)
from protocol.house import house_kid

UNNAMED = "Companion"


@dataclass(frozen=True, slots=True)
class FromHouse:
    """Which house reports, and the place of the fact in its chain."""

    house_id: UUID
    organisation_id: UUID
    at: datetime
    chain: int
    sequence: int


async def found_revoked(
    session: Session, makings: Makings, house: FromHouse, fact: Alarmed
) -> None:
    """The house knows a revocation this cloud has forgotten (a backup was restored): it stands.

    No key comes back by itself; the record says on whose word the grant ended.
    """
    for grant_id in _named(fact.detail):
        grant = await grants_repository.by_id(session, grant_id)
        if grant is None or grant.house_id != house.house_id or grant.state != GrantState.ACTIVE:
            continue
        await grants_service.end(session, makings.clock, grant, reason=grants_service.FOUND_REVOKED)
        await audit.record(
            session,
            Scope(grant.organisation_id, PrincipalKind.SYSTEM, house.house_id),
            action=Deed.GRANT_FOUND_REVOKED,
            object_type="grant",
            object_id=grant.id,
        )


def _named(detail: str) -> list[UUID]:
    """The grants an alarm names after their number, in a fixed order."""
    named = []
    for word in detail.partition(":")[2].split(","):
        with suppress(ValueError):
            named.append(UUID(word.strip()))
    return sorted(named)


async def first_used(session: Session, makings: Makings, house: FromHouse, fact: FirstUsed) -> None:
    """The guest has arrived: honoured to check-out from now on."""
    grant = await grants_repository.by_id(session, fact.grant)
    if grant is None or grant.house_id != house.house_id:
        return
    changed = await grants_service.mark_checked_in(session, makings, fact.grant)
    if changed is not None and grant.reservation_id is not None:
        arrived = GuestArrived(
            grant_id=grant.id,
            organisation_id=grant.organisation_id,
            house_id=house.house_id,
            reservation_id=grant.reservation_id,
        )
        await publish(session, arrived, organisation_id=grant.organisation_id)


async def pin_moved(session: Session, makings: Makings, house: FromHouse, fact: PinMoved) -> None:
    """Where a PIN stands at its lock; reports older than what is known are skipped.

    Digits that a lock refuses are replaced at all of the stay's locks.
    """
    refused = fact.next is PinNext.ANOTHER_PIN and fact.state is PinState.FAILED
    grant = await grants_repository.peek(session, fact.grant)
    if refused and grant is not None and grant.house_id == house.house_id:
        # In the order in which a stay is written: the stay, its grant, its PINs.
        if grant.reservation_id is not None:
            await grants_repository.lock_stay(session, grant.reservation_id)
        grant = await grants_repository.by_id(session, fact.grant)
    pin = await grants_repository.pin(session, fact.credential)
    if pin is None or grant is None or grant.house_id != house.house_id:
        return
    known = (pin.reported_chain or 0, pin.reported_sequence or 0)
    if pin.grant_id != grant.id or (house.chain, house.sequence) <= known:
        return
    pin.state, pin.reason, pin.state_at = fact.state.value, fact.reason, house.at
    pin.reported_chain, pin.reported_sequence = house.chain, house.sequence
    if refused and pin.wanted:
        await session.flush()
        await grants_service.another_pin(session, makings, grant)


async def requested(
    session: Session, house: FromHouse, fact: Requested, *, name: str | None
) -> None:
    """A companion asked in the house; only the house can answer it.

    Its answer may have been heard before: then only what the asking tells is filled in. The
    booker's grant is locked first: asking and answer may be taken in by two workers at once.
    """
    parent = await grants_repository.by_id(session, fact.parent)
    if parent is None or parent.house_id != house.house_id:
        return
    known = await requests_repository.by_id(session, fact.request)
    if known is not None:
        await _fill_in(session, house, known, fact, name=name)
        return
    row = _request_row(house, parent, request_id=fact.request, name=name, wants=fact.rights)
    row.created_at, row.expires_at = house.at, fact.expires_at
    session.add(row)
    await session.flush()
    made = RequestMade(
        request_id=row.id,
        organisation_id=row.organisation_id,
        house_id=row.house_id,
        parent_id=row.parent_id,
    )
    await publish(session, made, organisation_id=row.organisation_id)


def _request_row(
    house: FromHouse,
    parent: GrantRow,
    *,
    request_id: UUID,
    name: str | None,
    wants: tuple[str, ...],
) -> RequestRow:
    return RequestRow(
        id=request_id,
        organisation_id=parent.organisation_id,
        house_id=house.house_id,
        parent_id=parent.id,
        name=name or UNNAMED,
        wants=list(wants),
        state=RequestState.PENDING,
        in_house=True,
        created_at=house.at,
        expires_at=house.at,
    )


async def _fill_in(
    session: Session, house: FromHouse, row: RequestRow, fact: Requested, *, name: str | None
) -> None:
    if row.house_id != house.house_id or not row.in_house:
        return
    row.created_at, row.expires_at = house.at, fact.expires_at
    row.wants, row.name = list(fact.rights), name or row.name
    grant = await grants_repository.by_id(session, row.grant_id) if row.grant_id else None
    if grant is not None and _is_own(grant, row):
        grant.name = row.name


async def request_decided(
    session: Session,
    makings: Makings,
    house: FromHouse,
    fact: RequestDecided,
    *,
    house_key: str | None,
) -> None:
    """The house's answer: its delegation is adopted, or tombstoned where it may not stand.

    The house may tell of it long after the cloud has given the request up; its word stands.
    """
    delegation = _open(fact, house, house_key)
    row = await _request_of(session, house, fact, delegation)
    if row is None or row.state not in {RequestState.PENDING, RequestState.EXPIRED}:
        return
    row.state = RequestState.APPROVED if fact.approved else RequestState.DENIED
    row.decided_by, row.decided_at = Approver.HOUSE, house.at
    if delegation is not None:
        row.grant_id = await _adopt(session, makings, row, delegation)
    await session.flush()
    answered = RequestAnswered(
        request_id=row.id,
        organisation_id=row.organisation_id,
        house_id=row.house_id,
        state=row.state,
    )
    await publish(session, answered, organisation_id=row.organisation_id)


async def _request_of(
    session: Session, house: FromHouse, fact: RequestDecided, delegation: Delegation | None
) -> RequestRow | None:
    """The request that was answered; made now where its asking has not been heard yet."""
    parent_id = delegation.parent if delegation is not None else fact.by
    parent = await grants_repository.by_id(session, parent_id)
    row = await requests_repository.by_id(session, fact.request)
    if row is not None:
        return row if row.house_id == house.house_id and row.in_house else None
    if parent is None or parent.house_id != house.house_id:
        return None
    wants = delegation.rights if delegation is not None else ()
    row = _request_row(house, parent, request_id=fact.request, name=None, wants=wants)
    session.add(row)
    return row


def _open(fact: RequestDecided, house: FromHouse, house_key: str | None) -> Delegation | None:
    """The delegation that very house signed for this request; None where there is none."""
    if fact.delegation is None or house_key is None or not fact.approved:
        return None
    kid = house_kid(house.house_id)
    try:
        opened = open_envelope(
            fact.delegation.encode(),
            Kind.DELEGATION,
            lambda named: house_key if named == kid else None,
        )
        delegation = read_body(opened, Delegation)
    except EnvelopeError:
        return None
    return delegation if delegation.request == fact.request else None


async def _adopt(
    session: Session, makings: Makings, row: RequestRow, delegation: Delegation
) -> UUID | None:
    """A grant like any other, as far as the booker's own reaches; else a tombstone."""
    known = await grants_repository.by_id(session, delegation.id)
    if known is not None:
        # Its end was heard first; the id of any other grant is not the house's to use.
        return known.id if _is_own(known, row) else None
    parent = await grants_repository.by_id(session, delegation.parent)
    grant = _adopted(row, delegation)
    session.add(grant)
    if parent is None or not _may_stand(parent, row, delegation):
        await grants_service.end(session, makings.clock, grant, reason="not_adopted")
        return grant.id
    grant.reservation_id = parent.reservation_id
    grant.starts = max(parent.starts, delegation.window.starts)
    grant.ends = min(parent.ends, delegation.window.ends)
    grant.rights = [right for right in delegation.rights if right in parent.rights]
    await session.flush()
    return grant.id


def _is_own(known: GrantRow, row: RequestRow) -> bool:
    return known.house_id == row.house_id and known.delegated


def _may_stand(parent: GrantRow, row: RequestRow, delegation: Delegation) -> bool:
    """The house checks it against the parent at every use; here, that anything is left of it."""
    overlap = max(parent.starts, delegation.window.starts) < min(
        parent.ends, delegation.window.ends
    )
    return (
        parent.id == row.parent_id
        and parent.state == GrantState.ACTIVE
        and all(is_delegable(right) for right in delegation.rights)
        and not set(delegation.rights).isdisjoint(parent.rights)
        and overlap
    )


def _adopted(row: RequestRow, delegation: Delegation) -> GrantRow:
    return GrantRow(
        id=delegation.id,
        organisation_id=row.organisation_id,
        house_id=row.house_id,
        parent_id=row.parent_id,
        holder=Holder.COMPANION,
        state=GrantState.ACTIVE,
        delegated=True,
        generation=1,
        starts=delegation.window.starts,
        ends=delegation.window.ends,
        rights=list(delegation.rights),
        name=row.name,
        language="en",
        checked_in=True,
        max_delegations=0,
    )


async def delegation_ended(
    session: Session, makings: Makings, house: FromHouse, fact: DelegationEnded
) -> None:
    """The house ended a delegation; it is tombstoned so that no other copy lives on."""
    grant = await grants_repository.by_id(session, fact.delegation)
    if grant is None:
        # Heard before its beginning: remembered, so that the beginning changes nothing.
        grant = _unknown(house, fact)
        session.add(grant)
    if grant.house_id == house.house_id and grant.delegated and grant.state == GrantState.ACTIVE:
        await grants_service.end(session, makings.clock, grant, reason=fact.reason)


def _unknown(house: FromHouse, fact: DelegationEnded) -> GrantRow:
    return GrantRow(
        id=fact.delegation,
        organisation_id=house.organisation_id,
        house_id=house.house_id,
        holder=Holder.COMPANION,
        state=GrantState.ACTIVE,
        delegated=True,
        generation=1,
        starts=house.at,
        ends=house.at + timedelta(seconds=1),
        rights=[],
        name=UNNAMED,
        language="en",
        checked_in=True,
        max_delegations=0,
    )
