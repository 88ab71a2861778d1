"""What can an operator ask of an organisation's messages?"""

import asyncio
from uuid import UUID

from sqlalchemy import text

from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.errands import Errand
from cloud_api.kit.ids import new_id
from cloud_api.kit.jobs import Tools
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.vault import Vault
from cloud_api.messaging import repository, service
from cloud_api.messaging.jobs import errands
from cloud_api.messaging.rules import FINAL
from cloud_api.messaging.types import ChannelName, Medium, MessageEvent, Recipient
from cloud_api.messaging.wording import service as wording
from cloud_api.settings import CloudSettings
from portero.verbs import read
from portero.verbs.answers import database_answers

_LOOKS = 60
_ORGANISATIONS = text("SELECT id, name FROM organisations ORDER BY name LIMIT 20")


async def seed(organisation: str | None) -> str:
    """Copies of all words, where the organisation has none; answers how many were written."""
    settings = read.settings(CloudSettings)
    database = Database(settings.database_dsn.get_secret_value(), name="portero-messaging")
    try:
        with database_answers():
            async with database.transaction() as session:
                made = await wording.seed(session, await _meant(session, organisation))
    finally:
        await database.close()
    return f"{made} templates written; those there were stay as they are"


async def send_test(channel: str, *, to: str, organisation: str | None) -> str:
    """One test message by this channel, carried at once; answers what became of it."""
    settings = read.settings(CloudSettings)
    name = _channel(channel)
    database = Database(settings.database_dsn.get_secret_value(), name="portero-messaging")
    tools = Tools(SystemClock(), Vault(settings.secret_key.get_secret_value()))
    try:
        with database_answers():
            async with database.transaction() as session:
                mine = await _meant(session, organisation)
                ids = await _told(session, mine, name, to, tools)
            async with Outgoing(settings.vendor_urls) as outgoing:
                (carrier, *_) = errands(outgoing, public_url=settings.public_url)
                assert isinstance(carrier, Errand)  # noqa: S101 - the room's first
                return await _carried(database, carrier, ids[0], tools)
    finally:
        await database.close()


async def _told(
    session: Session, organisation_id: UUID, channel: ChannelName, to: str, tools: Tools
) -> tuple[UUID, ...]:
    medium = channel.medium
    recipient = Recipient(
        name="",
        email=to if medium is Medium.EMAIL else None,
        phone=to if medium is Medium.SMS else None,
        whatsapp=to if medium is Medium.WHATSAPP else None,
        telegram=to if medium is Medium.TELEGRAM else None,
    )
    return await service.tell(
        session,
        organisation_id,
        event=MessageEvent.TEST,
        to=recipient,
        variables={"sender_name": "Portero"},
        key=f"test {new_id()}",
        vault=tools.vault,
        now=tools.clock.utc_now(),
        by=(channel,),
    )


async def _carried[C, R](
    database: Database, carrier: Errand[C, R], message_id: UUID, tools: Tools
) -> str:
    """Go round until the message has ended; a worker may carry it as well."""
    for _ in range(_LOOKS):
        await carrier.round(database.transaction, tools)
        async with database.transaction() as session:
            row = await repository.lock(session, message_id)
        if row is not None and (row.state in FINAL or row.detail):
            return f"{row.state}: {row.reason or row.detail or row.to_masked}"
        await asyncio.sleep(1)
    return f"still on its way; look at /api/v1/messages/{message_id}"


async def _meant(session: Session, organisation: str | None) -> UUID:
    found = {str(row.id): row.name for row in await session.execute(_ORGANISATIONS)}
    if organisation is None and len(found) == 1:
        return UUID(next(iter(found)))
    if organisation in found:
        return UUID(organisation)
    known = "\n".join(f"{each}  {name}" for each, name in found.items())
    raise SystemExit(f"say which with --organisation:\n{known}")


def _channel(name: str) -> ChannelName:
    try:
        return ChannelName(name)
    except ValueError:
        raise SystemExit(f"channels are: {', '.join(ChannelName)}") from None
