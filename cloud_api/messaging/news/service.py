"""What do vendors tell us of our messages, and what becomes of it?"""

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.vault import Vault
from cloud_api.messaging import repository
from cloud_api.messaging.events import MessageReceived
from cloud_api.messaging.models import ChannelAccountRow, ReceivedRow
from cloud_api.messaging.rules import is_news
from cloud_api.messaging.types import Incoming, MessageState, News, Overheard


async def apply(
    session: Session, vault: Vault, account: ChannelAccountRow, heard: Overheard, *, now: datetime
) -> None:
    """Note each piece of news once, whatever the order; what is of nobody yet is kept."""
    for news in heard.news:
        await _note(session, account, news, now=now)
    for incoming in heard.incoming:
        await _receive(session, vault, account, incoming, now=now)


async def _note(session: Session, account: ChannelAccountRow, news: News, *, now: datetime) -> None:
    row = await repository.by_vendor(session, account.id, news.vendor_id, _ours(news.key))
    if row is None:
        stray = {
            "organisation_id": account.organisation_id,
            "account_id": account.id,
            "vendor_id": news.vendor_id,
            "event_id": news.event_id,
            "state": news.state,
            "detail": news.detail,
            "heard_at": now,
        }
        await repository.keep_stray(session, stray)
        return
    first = await repository.note(
        session,
        row,
        at=news.happened_at or now,
        source="vendor",
        event_id=news.event_id,
        state=news.state,
        detail=news.detail,
    )
    if first and is_news(row.state, news.state):
        row.state, row.detail, row.lease_until = news.state, news.detail, None
        row.vendor_id, row.sent_at = row.vendor_id or news.vendor_id, row.sent_at or now


async def _receive(
    session: Session, vault: Vault, account: ChannelAccountRow, incoming: Incoming, *, now: datetime
) -> None:
    received_id, answered = new_id(), None
    if incoming.reply_to_vendor_id is not None:
        answered = await repository.by_vendor(
            session, account.id, incoming.reply_to_vendor_id, None
        )
    plain = json.dumps({"sender": incoming.sender, "phone": incoming.phone, "text": incoming.text})
    statement = insert(ReceivedRow).values(
        id=received_id,
        organisation_id=account.organisation_id,
        account_id=account.id,
        event_id=incoming.event_id,
        channel=account.channel,
        client_id=None if answered is None else answered.client_id,
        reply_to=None if answered is None else answered.id,
        content=vault.lock(plain, context=f"messages_received/{received_id}"),
        received_at=incoming.happened_at or now,
    )
    fresh = await session.scalar(statement.on_conflict_do_nothing().returning(ReceivedRow.id))
    if fresh is None:
        return
    if answered is not None and is_news(answered.state, MessageState.REPLIED):
        answered.state = MessageState.REPLIED
        await repository.note(session, answered, at=now, source="vendor")
    told = MessageReceived(
        received_id=received_id,
        organisation_id=account.organisation_id,
        channel=account.channel,
        client_id=None if answered is None else answered.client_id,
    )
    await publish(session, told, organisation_id=account.organisation_id)


def _ours(key: str | None) -> UUID | None:
    try:
        return UUID(key) if key else None
    except ValueError:
        return None
