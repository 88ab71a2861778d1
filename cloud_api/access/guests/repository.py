"""How are guests' links and sessions found?"""

from datetime import datetime

from sqlalchemy import delete, select

from cloud_api.access.models import GrantRow, GuestSessionRow
from cloud_api.access.types import GrantState
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants

_BECAUSE = "a guest is known by the secret alone"


async def grant_of_link(session: Session, link_hash: str) -> GrantRow | None:
    """The live grant this link belongs to."""
    statement = select(GrantRow).where(
        GrantRow.link_hash == link_hash, GrantRow.state == GrantState.ACTIVE
    )
    found: GrantRow | None = await session.scalar(across_tenants(statement, because=_BECAUSE))
    return found


async def grant_of_session(session: Session, token_hash: str, *, now: datetime) -> GrantRow | None:
    """The live grant of a session that has not ended, in one statement."""
    statement = (
        select(GrantRow)
        .join(GuestSessionRow, GuestSessionRow.grant_id == GrantRow.id)
        .where(
            GuestSessionRow.token_hash == token_hash,
            GuestSessionRow.expires_at > now,
            GuestSessionRow.generation == GrantRow.generation,
            GrantRow.state == GrantState.ACTIVE,
            GrantRow.ends > now,
        )
    )
    found: GrantRow | None = await session.scalar(across_tenants(statement, because=_BECAUSE))
    return found


async def sign_out(session: Session, token_hash: str) -> None:
    """Forget a session."""
    statement = delete(GuestSessionRow).where(GuestSessionRow.token_hash == token_hash)
    await session.execute(across_tenants(statement, because=_BECAUSE))


async def forget_every(session: Session) -> None:
    """Every browser has to show its link again."""
    statement = delete(GuestSessionRow)
    await session.execute(across_tenants(statement, because="a restored database serves them all"))


async def forget_ended(session: Session, *, now: datetime) -> int:
    """Delete sessions whose time has passed; how many."""
    statement = (
        delete(GuestSessionRow)
        .where(GuestSessionRow.expires_at <= now)
        .returning(GuestSessionRow.token_hash)
    )
    gone = await session.scalars(across_tenants(statement, because="time passes for all"))
    return len(gone.all())
