"""Every test of the contract meets every channel."""

from collections.abc import AsyncIterator

import pytest

from tests.cloud_api.messaging.channels.stage import (
    PLAYS,
    Played,
    PlayedRedvoiss,
    PlayedTelegram,
    PlayedTwilio,
    PlayedWhatsApp,
    redvoiss_plays,
    telegram_plays,
    twilio_plays,
    whatsapp_plays,
)


def name_of(play: type[Played]) -> str:
    return play.name.value


@pytest.fixture(params=PLAYS, ids=name_of)
async def played(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    async with PLAYS[request.param]() as played:
        yield played


@pytest.fixture(params=[play for play in PLAYS if play.has_webhooks], ids=name_of)
async def calling(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """A channel whose vendor calls us."""
    async with PLAYS[request.param]() as played:
        yield played


@pytest.fixture(params=[play for play in PLAYS if play.has_statuses], ids=name_of)
async def telling(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """A channel whose vendor calls us with statuses."""
    async with PLAYS[request.param]() as played:
        yield played


@pytest.fixture
async def twilio() -> AsyncIterator[PlayedTwilio]:
    async with twilio_plays() as played:
        yield played


@pytest.fixture
async def whatsapp() -> AsyncIterator[PlayedWhatsApp]:
    async with whatsapp_plays() as played:
        yield played


@pytest.fixture
async def telegram() -> AsyncIterator[PlayedTelegram]:
    async with telegram_plays() as played:
        yield played


@pytest.fixture
async def redvoiss() -> AsyncIterator[PlayedRedvoiss]:
    async with redvoiss_plays() as played:
        yield played
