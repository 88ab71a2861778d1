"""A hotel with a mail account, people who come again, and a worker that carries their codes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiosmtpd.smtp import SMTP
from fastapi import FastAPI

from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from portero.simulators.facebook import Facebook
from portero.simulators.kit import playing
from tests.builders import HandClock, SmallHotel
from tests.cloud_api.crm.members.stage import Lobby, Mailbox
from tests.desk import Desk


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """Takes every mail, on a real socket."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


@pytest.fixture
def facebook(clock: HandClock) -> Facebook:
    """The vendor; it plays where `settings` say."""
    return Facebook(now=clock.utc_now)


@pytest.fixture
async def settings(settings: CloudSettings, facebook: Facebook) -> AsyncIterator[CloudSettings]:
    """Facebook is asked on this machine."""
    async with playing(facebook.app) as stage:
        yield settings.model_copy(update={"vendor_urls": {"facebook": stage.url}})


@pytest.fixture
async def lobby(  # noqa: PLR0917 - fixtures
    cloud_app: FastAPI,
    house: SmallHotel,
    database: Database,
    settings: CloudSettings,
    clock: HandClock,
    mailbox: Mailbox,
) -> Lobby:
    """The small hotel, which writes mails."""
    account = {
        "channel": "email",
        "credentials": {
            "host": "127.0.0.1",
            "port": str(mailbox.port),
            "security": "plain",
            "from_address": "hello@casa.example",
            "from_name": "Casa",
        },
    }
    kept = await house.tenant.put("/channel-accounts", account)
    assert kept.status_code == 200, kept.text
    return Lobby(cloud_app, Desk(house, database, clock), settings, clock, database, mailbox)
