"""How are grants and PINs read and written?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text, update

from cloud_api.access.models import GrantRow, GuestSessionRow, PinRow, RequestRow
from cloud_api.access.types import GrantState, Holder
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from protocol.facts import PinState

_LOCK_STAY = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:stay AS text), 7))")


async def lock_stay(session: Session, reservation_id: UUID) -> None:
    """One writer a stay at a time, until this transaction ends."""
    await session.execute(_LOCK_STAY, {"stay": str(reservation_id)})


async def guest_grants(session: Session, reservation_id: UUID) -> list[GrantRow]:
    """All guest grants a reservation ever had, newest first, locked for change."""
    statement = (
        select(GrantRow)
        .where(GrantRow.reservation_id == reservation_id, GrantRow.holder == Holder.GUEST)
        .order_by(GrantRow.created_at.desc())
        .with_for_update()
    )
    because = "a reaction serves one reservation, whoever owns it"
    return list(await session.scalars(across_tenants(statement, because=because)))


@dataclass(frozen=True, slots=True)
class RunningStay:
    """A reservation with a live grant that has not ended."""

    id: UUID
    organisation_id: UUID


async def running_stays(
    session: Session, *, now: datetime, house_id: UUID | None
) -> list[RunningStay]:
    """Stays of one house, or of all, whose guest's grant is live."""
    statement = select(GrantRow.reservation_id, GrantRow.organisation_id).where(
        GrantRow.holder == Holder.GUEST, GrantRow.state == GrantState.ACTIVE, GrantRow.ends > now
    )
    if house_id is not None:
        statement = statement.where(GrantRow.house_id == house_id)
    because = "a changed house, or a new time zone table, concerns whoever stays"
    rows = await session.execute(across_tenants(statement, because=because))
    return [RunningStay(stay, organisation) for stay, organisation in rows if stay is not None]


async def staff_grants(session: Session, *, now: datetime) -> list[GrantRow]:
    """Live grants of staff that have not ended."""
    statement = (
        select(GrantRow)
        .where(
            GrantRow.holder == Holder.STAFF,
            GrantRow.state == GrantState.ACTIVE,
            GrantRow.ends > now,
        )
        .order_by(GrantRow.house_id, GrantRow.id)
    )
    because = "the clock serves every organisation"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def children(session: Session, parent_ids: Sequence[UUID]) -> list[GrantRow]:
    """Live grants hanging on these, locked for change in a fixed order."""
    statement = (
        select(GrantRow)
        .where(GrantRow.parent_id.in_(parent_ids), GrantRow.state == GrantState.ACTIVE)
        .order_by(GrantRow.id)
        .with_for_update()
    )
    because = "children share the tenant of the parent that was read before"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def wishes(session: Session, grant_ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """By companion's grant: the verbs that were asked for when it was made."""
    statement = select(RequestRow.grant_id, RequestRow.wants).where(
        RequestRow.grant_id.in_(grant_ids)
    )
    because = "the grants were read within their tenant before"
    rows = await session.execute(across_tenants(statement, because=because))
    return {grant: tuple(wants) for grant, wants in rows if grant is not None}


async def answer_with(session: Session, old: UUID, grant: GrantRow) -> None:
    """What a companion asked for is answered by another grant from now on."""
    statement = update(RequestRow).where(RequestRow.grant_id == old)
    because = "the old grant was read within its tenant before"
    await session.execute(
        across_tenants(
            statement.values(grant_id=grant.id, parent_id=grant.parent_id, house_id=grant.house_id),
            because=because,
        )
    )


async def find(session: Session, scope: Scope, grant_id: UUID) -> GrantRow | None:
    """One grant of the caller's organisation, locked for change."""
    statement = scoped(select(GrantRow), GrantRow, scope).where(GrantRow.id == grant_id)
    found: GrantRow | None = await session.scalar(statement.with_for_update())
    return found


async def peek(session: Session, grant_id: UUID) -> GrantRow | None:
    """One grant as it stands, to look at only."""
    statement = select(GrantRow).where(GrantRow.id == grant_id)
    return await session.scalar(across_tenants(statement, because="its holder asks for it"))


async def by_id(session: Session, grant_id: UUID) -> GrantRow | None:
    """One grant, for houses and jobs, locked for change."""
    statement = select(GrantRow).where(GrantRow.id == grant_id).with_for_update()
    return await session.scalar(across_tenants(statement, because="a house names its own grants"))


def listed(
    scope: Scope,
    *,
    house_id: UUID | None,
    reservation_id: UUID | None,
    state: GrantState | None,
) -> Select[GrantRow]:
    """The organisation's grants that fit the filters."""
    statement = scoped(select(GrantRow), GrantRow, scope)
    if house_id is not None:
        statement = statement.where(GrantRow.house_id == house_id)
    if reservation_id is not None:
        statement = statement.where(GrantRow.reservation_id == reservation_id)
    if state is not None:
        statement = statement.where(GrantRow.state == state)
    return statement


async def pins_of(session: Session, grant_id: UUID) -> list[PinRow]:
    """All PINs of a grant, wanted or not."""
    statement = select(PinRow).where(PinRow.grant_id == grant_id).order_by(PinRow.created_at)
    because = "the grant was read within its tenant before"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def pin(session: Session, credential_id: UUID) -> PinRow | None:
    """One PIN, for what a house reports."""
    statement = select(PinRow).where(PinRow.id == credential_id).with_for_update()
    return await session.scalar(across_tenants(statement, because="a house names its own PINs"))


async def is_pin_used(
    session: Session, fingerprints: dict[UUID, bytes], *, except_grant: UUID
) -> bool:
    """Was any of these (lock → fingerprint) ever in use on one of the locks?"""
    statement = select(func.count()).where(
        PinRow.lock_id.in_(list(fingerprints)),
        PinRow.fingerprint.in_(list(fingerprints.values())),
        PinRow.grant_id != except_grant,
    )
    because = "a lock's PINs are unique whoever wrote them"
    return bool(await session.scalar(across_tenants(statement, because=because)))


async def former_pins(
    session: Session, locks: Iterable[UUID], *, except_grant: UUID | None, now: datetime
) -> dict[UUID, datetime]:
    """By lock: since when a PIN whose time is over was last told of and not told removed."""
    over = or_(PinRow.wanted.is_(False), GrantRow.state != GrantState.ACTIVE, GrantRow.ends <= now)
    statement = (
        select(PinRow.lock_id, func.min(PinRow.state_at))
        .join(GrantRow, GrantRow.id == PinRow.grant_id)
        .where(
            PinRow.lock_id.in_(list(locks)),
            PinRow.reported_sequence.is_not(None),
            PinRow.state != PinState.REMOVED,
            over,
        )
        .group_by(PinRow.lock_id)
    )
    if except_grant is not None:
        statement = statement.where(PinRow.grant_id != except_grant)
    because = "a lock's PINs count whoever had them; the locks were read within their tenant"
    rows = await session.execute(across_tenants(statement, because=because))
    return {lock: since for lock, since in rows}  # noqa: C416 - rows are no plain tuples


async def end_sessions(session: Session, grant_ids: Sequence[UUID]) -> None:
    """Browsers signed in with these grants are signed out."""
    statement = update(GuestSessionRow).where(GuestSessionRow.grant_id.in_(grant_ids))
    because = "the grants were read within their tenant before"
    await session.execute(across_tenants(statement.values(expires_at=func.now()), because=because))
