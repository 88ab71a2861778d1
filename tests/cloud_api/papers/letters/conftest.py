"""A hotel that writes to its guests: mails into a sink, short messages to a simulated Telegram."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from cloud_api.papers.letters.jobs import JOBS
from cloud_api.settings import CloudSettings
from tests.builders import JsonDict
from tests.cloud_api.access.stage import Visit
from tests.cloud_api.messaging.channels.stage import PlayedTelegram, telegram_plays
from tests.cloud_api.messaging.conftest import Sink, sink

__all__ = ["sink"]

INTO_SINK = {"host": "127.0.0.1", "security": "plain", "from_address": "hello@casa.example"}


@dataclass
class Correspondence:
    """The hotel, its guests' mails, and the clock's jobs when asked."""

    visit: Visit
    sink: Sink
    telegram: PlayedTelegram

    async def keep(self, channel: str, credentials: dict[str, str]) -> None:
        account = {"channel": channel, "credentials": credentials}
        kept = await self.visit.hotel.tenant.put("/channel-accounts", account)
        assert kept.status_code == 200, kept.text

    async def tick(self) -> None:
        """The clock's jobs, and all that follows from them."""
        for job in JOBS:
            async with self.visit.database.transaction() as session:
                await job.run(session, self.visit.clock)
        await self.visit.work()

    async def book(self, first: int, last: int, **other: object) -> JsonDict:
        return await self.visit.book([self.visit.desk.rooms[0]], first, last, **other)

    async def told(self, booked: JsonDict) -> list[JsonDict]:
        """What the API says was told of a booking; what was told at one instant is in no order."""
        path = f"/reservations/{booked['id']}/letters"
        answer = await self.visit.hotel.tenant.get(path, sort="created_at")
        assert answer.status_code == 200, answer.text
        items: list[JsonDict] = answer.json()["items"]
        return items

    async def names(self, booked: JsonDict) -> list[str]:
        """Which letters, whatever became of them, by name."""
        return sorted(each["event"] for each in await self.told(booked))

    async def went(self, booked: JsonDict) -> list[str]:
        """Which letters have gone, by name."""
        return sorted(each["event"] for each in await self.told(booked) if each["state"] == "sent")

    def mails(self, to: str = "ana@example.org") -> list[EmailMessage]:
        return [each for each in self.sink.mails if to in str(each["to"])]

    def words(self, mail: EmailMessage) -> str:
        part = mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    async def decide(self, **settings: object) -> None:
        hotel = self.visit.hotel
        path = f"/properties/{hotel.property_id}/letter-settings"
        kept = await hotel.tenant.put(path, settings)
        assert kept.status_code == 200, kept.text


@pytest.fixture
async def telegram() -> AsyncIterator[PlayedTelegram]:
    async with telegram_plays() as played:
        yield played


@pytest.fixture
def settings(settings: CloudSettings, telegram: PlayedTelegram) -> CloudSettings:
    return settings.model_copy(update={"vendor_urls": {"telegram": telegram.stage.url}})


@pytest.fixture
async def post(visit: Visit, sink: Sink, telegram: PlayedTelegram) -> Correspondence:
    correspondence = Correspondence(visit, sink, telegram)
    await correspondence.keep("email", INTO_SINK | {"port": str(sink.port)})
    return correspondence
