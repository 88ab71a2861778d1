"""Do the two processes of a house live and die as processes do?"""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from edge_agent.store import identity, locks
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from protocol.envelope import Kind
from protocol.house import CurrentQuery, HouseStatus
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import Up
from tests.edge_agent.courier_peer import CourierPeer, courier_at
from tests.edge_agent.lockd_kit import ROOT

_RUN_AGENT = (
    "import asyncio; from edge_agent.app import run; from edge_agent.settings import AgentSettings;"
    "asyncio.run(run(AgentSettings()))"
)
_RUN_LOCKD = "import sys; from edge_agent.lock_app import main; sys.exit(main())"


@dataclass
class Place:
    """Where one house's processes meet."""

    folder: Path
    broker_port: int
    lan_port: int
    house_key: str

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "PORTERO_LOCKD_DATA": str(self.folder / "lockd"),
            "PORTERO_LOCKD_SOCKET": str(self.folder / "lockd.sock"),
            "PORTERO_LOCKD_PRODUCTION": "false",
            "PORTERO_AGENT_DATA": str(self.folder / "agent"),
            "PORTERO_AGENT_LOCKD_SOCKET": str(self.folder / "lockd.sock"),
            "PORTERO_AGENT_MQTT_PORT": str(self.broker_port),
            "PORTERO_AGENT_LAN_HOST": "127.0.0.1",
            "PORTERO_AGENT_LAN_PORT": str(self.lan_port),
            "PORTERO_AGENT_QUERY_SECONDS": "0.5",
        }

    @contextlib.asynccontextmanager
    async def process(self, code: str) -> AsyncIterator[asyncio.subprocess.Process]:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env=self.environment(), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            yield started
        finally:
            with contextlib.suppress(ProcessLookupError):
                started.kill()
            await started.wait()

    async def health(self) -> str:
        try:
            async with httpx.AsyncClient() as client:
                found = await client.get(f"http://127.0.0.1:{self.lan_port}/healthz")
        except httpx.HTTPError:
            return "away"
        return "reachable" if found.json()["lockd"]["reachable"] else "no lockd"

    async def becomes(self, wanted: str, *, seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while await self.health() != wanted:  # noqa: ASYNC110 - a test looks from outside
                await asyncio.sleep(0.05)


@pytest.fixture
def place(tmp_path: Path, broker: LocalBroker, house: HouseId) -> Place:
    (tmp_path / "agent").mkdir()
    me = identity.create(
        tmp_path / "lockd", house, ROOT.public_hex, random_bytes=secrets.token_bytes
    )
    locks.save(tmp_path / "lockd", [])
    return Place(tmp_path, broker.port, any_free(), me.signer.public_hex)


@pytest.fixture
async def courier(broker: LocalBroker, house: HouseId, cloud: Signer) -> AsyncIterator[CourierPeer]:
    async with courier_at(broker.port, house, cloud) as peer:
        yield peer


async def _status(courier: CourierPeer, place: Place) -> HouseStatus:
    return await courier.next(Up.STATUS, Kind.STATUS, HouseStatus, place.house_key, seconds=15)


async def _until(courier: CourierPeer, place: Place, *, online: bool) -> HouseStatus:
    while True:
        status = await _status(courier, place)
        if status.online is online:
            return status


async def test_sigterm_ends_the_agent_in_order(place: Place, courier: CourierPeer) -> None:
    async with place.process(_RUN_LOCKD), place.process(_RUN_AGENT) as agent:
        await _until(courier, place, online=True)
        agent.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await agent.wait() == 0
        await _until(courier, place, online=False)


async def test_a_killed_agent_is_declared_offline_and_a_new_one_takes_over(
    place: Place, courier: CourierPeer
) -> None:
    async with place.process(_RUN_LOCKD):
        async with place.process(_RUN_AGENT) as agent:
            online = await _until(courier, place, online=True)
            agent.kill()
            offline = await _until(courier, place, online=False)
            assert offline.session == online.session
        async with place.process(_RUN_AGENT):
            again = await _until(courier, place, online=True)
            assert again.session != online.session


async def test_a_killed_lockd_that_returns_is_found_again_without_a_new_line(
    place: Place, courier: CourierPeer
) -> None:
    async with place.process(_RUN_AGENT):
        async with place.process(_RUN_LOCKD):
            await place.becomes("reachable")
            await _until(courier, place, online=True)
        await place.becomes("no lockd")
        while courier.waiting(Up.CURRENT):
            await courier.next_frame(Up.CURRENT)
        async with place.process(_RUN_LOCKD):
            await place.becomes("reachable")
            key = place.house_key
            await courier.next(Up.CURRENT, Kind.CURRENT_QUERY, CurrentQuery, key, seconds=10)
