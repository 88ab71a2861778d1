"""How are channel accounts read?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

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


async def well(
    session: Session, channel: ChannelName
) -> tuple[datetime | None, datetime | None, int, int]:
    """Last success, last failure, how many accounts and how many in trouble, of all tenants."""
    row = (await session.execute(_WELL, {"channel": channel})).one()
    return row.succeeded_at, row.failed_at, row.accounts, row.troubled
