"""How are channel accounts read?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.messaging.models import ChannelAccountRow
from cloud_api.messaging.types import ChannelName

_WELL = text(
    "SELECT max(succeeded_at) AS succeeded_at, max(failed_at) AS failed_at, count(*) AS accounts,"
    " count(troubled_since) AS troubled FROM channel_accounts WHERE channel = :channel AND active"
)


async def of_channel(
    session: Session, scope: Scope, channel: ChannelName
) -> ChannelAccountRow | None:
    """The organisation's account at this channel."""
    statement = select(ChannelAccountRow).where(ChannelAccountRow.channel == channel)
    return await session.scalar(scoped(statement, ChannelAccountRow, scope).with_for_update())


async def all_of(session: Session, scope: Scope) -> list[ChannelAccountRow]:
    """All the organisation has."""
    statement = scoped(select(ChannelAccountRow), ChannelAccountRow, scope)
    return list(await session.scalars(statement.order_by(ChannelAccountRow.channel)))


async def find(session: Session, scope: Scope, account_id: UUID) -> ChannelAccountRow | None:
    """One of the organisation's."""
    statement = select(ChannelAccountRow).where(ChannelAccountRow.id == account_id)
    return await session.scalar(scoped(statement, ChannelAccountRow, scope))


async def by_token(session: Session, token_hash: bytes) -> ChannelAccountRow | None:
    """Whose address was called."""
    statement = select(ChannelAccountRow).where(ChannelAccountRow.token_hash == token_hash)
    because = "the vendor who calls is known by the address alone"
    return await session.scalar(across_tenants(statement, because=because))


async def to_ask(
    session: Session, channels: frozenset[ChannelName], *, now: datetime, most: int
) -> list[ChannelAccountRow]:
    """Accounts whose vendor is due to be asked, locked; another worker's are left to it."""
    row = ChannelAccountRow
    statement = (
        select(row)
        .where(
            row.channel.in_(channels),
            row.active,
            or_(row.poll_at.is_(None), row.poll_at <= now),
            or_(row.paused_until.is_(None), row.paused_until <= now),
        )
        .order_by(row.poll_at.nulls_first())
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    because = "the worker asks for every tenant"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def remove(session: Session, scope: Scope, account_id: UUID) -> bool:
    """Forget one of the organisation's; False when there is none."""
    statement = delete(ChannelAccountRow).where(ChannelAccountRow.id == account_id)
    gone = scoped(statement, ChannelAccountRow, scope).returning(ChannelAccountRow.id)
    return (await session.scalars(gone)).first() is not None


async def well(
    session: Session, channel: ChannelName
) -> tuple[datetime | None, datetime | None, int, int]:
    """Last success, last failure, how many accounts and how many in trouble, of all tenants."""
    row = (await session.execute(_WELL, {"channel": channel})).one()
    return row.succeeded_at, row.failed_at, row.accounts, row.troubled
