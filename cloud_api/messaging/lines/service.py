"""Which accounts at vendors does an organisation have, and how are they opened?"""

import json
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.messaging.lines import repository
from cloud_api.messaging.lines.schemas import AccountIn, AccountOut
from cloud_api.messaging.models import ChannelAccountRow
from cloud_api.messaging.types import ChannelAccount


async def keep(
    session: Session, scope: Scope, vault: Vault, wanted: AccountIn, *, now: datetime
) -> AccountOut:
    """Store the account, over the one there is; its trouble is taken as mended."""
    row = await repository.of_channel(session, scope, wanted.channel)
    if row is None:
        row = ChannelAccountRow(
            id=new_id(), organisation_id=scope.organisation_id, channel=wanted.channel
        )
        row.created_at = now
        row.token_hash = hash_of(token_of(row.id, vault))
        session.add(row)
    row.credentials = vault.lock(json.dumps(wanted.credentials), context=_context(row.id))
    row.masked = {name: _masked(each) for name, each in wanted.credentials.items()}
    row.price_minor = None if wanted.price is None else wanted.price.minor
    row.price_currency = None if wanted.price is None else wanted.price.currency
    row.active, row.changed_at = wanted.active, now
    row.troubled_since = row.paused_until = None
    await session.flush()
    out = AccountOut.of(row, token=token_of(row.id, vault))
    await audit.record(
        session,
        scope,
        action=Deed.CHANNEL_ACCOUNT_KEPT,
        object_type="channel_account",
        object_id=row.id,
    )
    return out


async def show(session: Session, scope: Scope, vault: Vault) -> list[AccountOut]:
    """All of them, their credentials masked."""
    rows = await repository.all_of(session, scope)
    return [AccountOut.of(row, token=token_of(row.id, vault)) for row in rows]


async def find(session: Session, scope: Scope, account_id: UUID) -> ChannelAccountRow:
    """One of them. Raises NotFound."""
    row = await repository.find(session, scope, account_id)
    if row is None:
        raise NotFound
    return row


async def called(session: Session, token: str) -> ChannelAccountRow:
    """Whose webhook this is. Raises NotFound."""
    row = await repository.by_token(session, hash_of(token))
    if row is None:
        raise NotFound
    return row


def opened(row: ChannelAccountRow, vault: Vault) -> ChannelAccount:
    """The account with its credentials, for one errand."""
    plain = vault.unlock(row.credentials, context=_context(row.id))
    return ChannelAccount(row.id, row.organisation_id, row.channel, json.loads(plain))


def token_of(account_id: UUID, vault: Vault) -> str:
    """The secret part of the address its vendor calls."""
    return vault.link_secret(f"channel-account/{account_id}").hex()


def hash_of(token: str) -> bytes:
    """By what it is found; the token has 256 bits, so nothing is needed to slow a guess."""
    return sha256(token.encode()).digest()


def _context(account_id: UUID) -> str:
    return f"channel_accounts/{account_id}/credentials"


def _masked(value: str) -> str:
    return f"***{value[-2:]}" if len(value) > 8 else "***"  # noqa: PLR2004 - two of few would tell too much
