"""How are the keys of several stays read together?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from cloud_api.access.models import GrantRow, PinRow
from cloud_api.access.types import GrantState, Holder
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants

_BECAUSE = "the clock writes to every tenant's guests; the stays were read before"


async def live_grants(session: Session, reservation_ids: Sequence[UUID]) -> list[GrantRow]:
    """The live guest grant of each of these stays that has one."""
    statement = select(GrantRow).where(
        GrantRow.reservation_id.in_(reservation_ids),
        GrantRow.holder == Holder.GUEST,
        GrantRow.state == GrantState.ACTIVE,
    )
    return list(await session.scalars(across_tenants(statement, because=_BECAUSE)))


async def has_any_grant(session: Session, reservation_id: UUID) -> bool:
    """Was a guest's grant ever made for this stay, whatever became of it?"""
    statement = select(GrantRow.id).where(
        GrantRow.reservation_id == reservation_id, GrantRow.holder == Holder.GUEST
    )
    found = await session.scalar(across_tenants(statement.limit(1), because=_BECAUSE))
    return found is not None


async def wanted_pins(session: Session, grant_ids: Sequence[UUID]) -> list[PinRow]:
    """The PINs that shall open doors for these grants."""
    statement = (
        select(PinRow)
        .where(PinRow.grant_id.in_(grant_ids), PinRow.wanted)
        .order_by(PinRow.created_at, PinRow.id)
    )
    return list(await session.scalars(across_tenants(statement, because=_BECAUSE)))
