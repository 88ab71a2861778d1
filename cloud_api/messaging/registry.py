"""Which channels are there, and how well are they?"""

from cloud_api.kit.db import Database
from cloud_api.kit.health import Check, Finding, Health
from cloud_api.kit.outgoing import Outgoing
from cloud_api.messaging.channels.email import EmailChannel
from cloud_api.messaging.channels.redvoiss import Redvoiss
from cloud_api.messaging.channels.telegram import Telegram
from cloud_api.messaging.channels.twilio import Twilio
from cloud_api.messaging.channels.whatsapp import WhatsApp
from cloud_api.messaging.lines import repository
from cloud_api.messaging.ports import Channel
from cloud_api.messaging.types import ChannelName


def channels(outgoing: Outgoing) -> dict[ChannelName, Channel]:
    """One line a channel; mail has a way out of its own."""
    found: tuple[Channel, ...] = (
        EmailChannel(),
        Twilio(outgoing),
        WhatsApp(outgoing),
        Telegram(outgoing),
        Redvoiss(outgoing),
    )
    return {each.name: each for each in found}


def _check(channel: ChannelName) -> Check:
    async def ask(database: Database) -> Finding:
        async with database.reading() as session:
            succeeded, failed, accounts, troubled = await repository.well(session, channel)
        if not accounts:
            return Finding(Health.HEALTHY, "not used")
        told = f"last success {succeeded or 'never'}, last failure {failed or 'never'}"
        return Finding(Health.DEGRADED if troubled else Health.HEALTHY, told)

    return Check(f"channel_{channel}", ask)


HEALTH_CHECKS = tuple(_check(each) for each in ChannelName)
