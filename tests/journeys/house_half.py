"""How does the house's half of a journey run: simulated locks on a simulated air, lockd, agent?"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from edge_agent import app, lock_app
from edge_agent.lock_socket.client import LockdClient
from edge_agent.settings import AgentSettings, LockdSettings
from edge_agent.simulator.gatt_bleak import install_simulated_bluetooth
from edge_agent.simulator.gatt_server import serve_gatt
from edge_agent.simulator.ttlock.lock import SimulatedLock
from edge_agent.simulator.ttlock.model import Identity
from edge_agent.store import identity
from edge_agent.store import locks as lock_store
from edge_agent.store.locks import KeptLock
from portero.local.ports import any_free
from protocol.envelope import Kind, seal
from protocol.ids import HouseId, LockId
from tests.journeys.stage import Stage
from tests.journeys.world import HouseClock, World

_START_SECONDS = 15.0


@dataclass
class HouseHalf:
    """One house. `doors` are its simulated locks by name; their records are what we believe."""

    stage: Stage
    world: World
    folder: Path
    sockets: Path
    broker_port: int
    clock: HouseClock = field(init=False)
    doors: dict[str, SimulatedLock] = field(default_factory=dict)
    lan_port: int = field(default_factory=any_free)
    query_seconds: float = 0.5

    def __post_init__(self) -> None:
        self.clock = HouseClock(self.world)

    @property
    def lan_url(self) -> str:
        return f"http://127.0.0.1:{self.lan_port}"

    @property
    def data(self) -> Path:
        return self.folder / "lockd"

    async def build(self, stack: AsyncExitStack, locks: Mapping[str, str], zone: str) -> None:
        """Hang the locks on the air and give their keys to lockd's folder. `locks`: name → id."""
        self.data.mkdir(mode=0o700, parents=True)
        kept = []
        for number, (name, lock) in enumerate(locks.items(), start=1):
            device = Identity.invent(f"C0:FF:EE:00:00:{number:02X}", name, secrets.token_bytes)
            self.doors[name] = self._door(stack, device, zone)
            kept.append(
                KeptLock(
                    lock=LockId(UUID(lock)),
                    driver="ttlock_ble",
                    address=device.address,
                    key=SecretStr(json.dumps(device.key_material())),
                    zone=zone,
                )
            )
        lock_store.save(self.data, kept)
        stack.callback(install_simulated_bluetooth(self._air, production=False))
        await stack.enter_async_context(serve_gatt(self._air, list(self.doors.values())))

    def make_identity(self, house: str, root_public: str) -> str:
        """What a device does once; answers its proof for the claim."""
        me = identity.create(
            self.data, HouseId(UUID(house)), root_public, random_bytes=secrets.token_bytes
        )
        return seal(Kind.CLAIM, me.public("journey").to_bytes(), me.signer).decode()

    async def start(self) -> None:
        await self.start_lockd()
        await self.start_agent()

    async def stop(self) -> None:
        await self.stage.stop("agent")
        await self.stage.stop("lockd")

    async def start_lockd(self) -> None:
        settings = LockdSettings(
            data=self.data,
            socket=self.sockets / "lockd.sock",
            production=False,
            bluetooth="simulated",
            simulated_air=self._air,
            look_after_seconds=5.0,
        )
        ready = asyncio.Event()
        self.stage.start("lockd", lock_app.serve(settings, clock=self.clock, ready=ready))
        async with asyncio.timeout(_START_SECONDS):
            await ready.wait()

    async def start_agent(self) -> None:
        ready = asyncio.Event()
        self.stage.start("agent", self._carry(ready))
        async with asyncio.timeout(_START_SECONDS):
            await ready.wait()

    def openings(self, door: str) -> int:
        """How often the bolt was drawn, by the lock's own record."""
        return sum(each.bolt == "unlocked" for each in self.doors[door].movements())

    def all_openings(self) -> int:
        return sum(self.openings(door) for door in self.doors)

    @property
    def _air(self) -> Path:
        return self.sockets / "air.sock"

    def _door(self, stack: AsyncExitStack, device: Identity, zone: str) -> SimulatedLock:
        lock = SimulatedLock(
            device,
            self.folder / f"{device.address[-2:]}.db",
            now=self.world.utc_now,
            started_local=self.world.utc_now().astimezone(ZoneInfo(zone)).replace(tzinfo=None),
            draw_token=lambda: secrets.randbits(32),
        )
        stack.callback(lock.close)
        return lock

    async def _carry(self, ready: asyncio.Event) -> None:
        settings = AgentSettings(
            data=self.folder / "agent",
            lockd_socket=self.sockets / "lockd.sock",
            mqtt_host="127.0.0.1",
            mqtt_port=self.broker_port,
            query_seconds=self.query_seconds,
            lan_host="127.0.0.1",
            lan_port=self.lan_port,
        )
        async with LockdClient(settings.lockd_socket) as gate:
            await app.serve(settings, gate, ready=lambda _: ready.set())
