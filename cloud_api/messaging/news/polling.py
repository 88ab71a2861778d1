"""How are vendors asked who do not call?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.messaging import repository
from cloud_api.messaging.errors import ChannelError
from cloud_api.messaging.lines import repository as accounts
from cloud_api.messaging.lines import service as lines
from cloud_api.messaging.news import service
from cloud_api.messaging.ports import Channel
from cloud_api.messaging.types import ChannelAccount, ChannelName, Overheard

_log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
# What was not delivered by then will not be.
ASKED_FOR = timedelta(days=2)
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One account whose vendor is asked, and for which of its messages."""

    account: ChannelAccount
    vendor_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asker:
    """The errand's three steps; `polled` are the channels whose vendors do not call."""

    channels: Mapping[ChannelName, Channel]
    polled: frozenset[ChannelName]

    async def take(self, session: Session, tools: Tools) -> Sequence[Asked]:
        """Accounts that are due; they are not due again for a while."""
        now = tools.clock.utc_now()
        asked = []
        for row in await accounts.to_ask(session, self.polled, now=now, most=_AT_ONCE):
            row.poll_at = now + EVERY
            ids = await repository.under_way(session, row.id, since=now - ASKED_FOR)
            if ids:
                asked.append(Asked(lines.opened(row, tools.vault), ids))
        return asked

    async def run(self, asked: Asked, _tools: Tools) -> Overheard:
        """Ask; who does not answer tells nothing."""
        try:
            return await self.channels[asked.account.channel].poll(asked.account, asked.vendor_ids)
        except ChannelError as error:
            _log.info("channel_not_asked", account=str(asked.account.id), error=str(error))
            return Overheard()

    async def note(self, session: Session, asked: Asked, told: Overheard, tools: Tools) -> None:
        """Write down what was told."""
        row = await repository.account(session, asked.account.id)
        if row is not None:
            now = tools.clock.utc_now()
            await service.apply(session, tools.vault, row, told, now=now)
