"""A house's LAN server on a real port, and browsers to reach it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from aiohttp import web

from edge_agent.actions.home import Home
from edge_agent.actions.music import Music, MusicDevices
from edge_agent.doorkeeper import MusicPermit
from edge_agent.local_api.connections import Caps
from edge_agent.local_api.server import LanConfig, lan_application, listening
from protocol.ids import HouseId
from protocol.signing import Signer
from tests.edge_agent.doorman import CLOUD_KID, Doorman
from tests.edge_agent.guests import BOOKER_SECRET, Guests
from tests.edge_agent.speakers_here import SpeakersHere, a_player


@dataclass(frozen=True)
class Well:
    """A health report."""

    status: str = "healthy"

    def to_bytes(self) -> bytes:
        return b'{"status": "healthy"}'


async def well() -> Well:
    return Well()


@pytest.fixture
def guests() -> Guests:
    return Guests()


@pytest.fixture
def doorman(guests: Guests) -> Doorman:
    made = Doorman.of(HouseId(uuid4()), Signer.from_seed(CLOUD_KID, b"\x07" * 32))
    made.permit_answer = MusicPermit(
        allowed=True, grant=guests.grant, ceiling=60, players=(guests.rights(),)
    )
    return made


@pytest.fixture
def speakers() -> SpeakersHere:
    return SpeakersHere(readings={"speaker-1": a_player("speaker-1")})


@pytest.fixture
def has_music() -> bool:
    return True


CONFIG = LanConfig("127.0.0.1", 0, frozenset({"portero.local"}), caps=Caps(an_address=20))


@pytest.fixture
async def application(
    guests: Guests, doorman: Doorman, speakers: SpeakersHere, *, has_music: bool
) -> web.Application:
    devices = (
        MusicDevices(speakers, speakers, speakers, speakers, None, speakers) if has_music else None
    )
    return lan_application(
        CONFIG,
        guests=guests,
        music=Music(doorman, devices),
        home=Home(doorman, None),
        health=well,
        now=asyncio.get_running_loop().time,
    )


@pytest.fixture
async def house_url(application: web.Application) -> AsyncIterator[str]:
    async with listening(CONFIG, application) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def anybody(house_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is not signed in."""
    async with httpx.AsyncClient(base_url=house_url, timeout=10) as client:
        yield client


@pytest.fixture
async def booker(house_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of the guest who booked, signed in."""
    async with httpx.AsyncClient(base_url=house_url, timeout=10) as client:
        answer = await client.post("/api/session", json={"secret": BOOKER_SECRET})
        assert answer.status_code == 201
        yield client
