"""Is this house well, and if not, which part?

Unhealthy: no door can be decided. Degraded: doors open, something else is missing.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from edge_agent.doorkeeper import HouseState, StateGate
from edge_agent.errors import EdgeError

_LOCKD_SECONDS = 3.0


class Wellness(StrEnum):
    """In one word."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class Part(BaseModel):
    """Numbers and stable words about one part; nothing private."""

    model_config = ConfigDict(frozen=True)


class LockdPart(Part):
    """The process that decides."""

    reachable: bool
    clock: str | None = None
    epoch: int | None = None
    version: int | None = None
    facts_waiting: int = 0
    flaws: dict[str, int] = {}
    recording: bool = True
    disputed: bool = False


class LinkPart(Part):
    """The line to the cloud."""

    online: bool
    connections: int
    lost: int
    refused: dict[str, int]
    dropped: dict[str, int]


class MusicPart(Part):
    """The music server, if the house has one."""

    is_here: bool
    connected: bool
    reason: str | None = None


class Health(Part):
    """The whole house."""

    status: Wellness
    lockd: LockdPart
    link: LinkPart
    music: MusicPart

    def to_bytes(self) -> bytes:
        """As JSON."""
        return self.model_dump_json().encode()


def judge(lockd: LockdPart, link: LinkPart, music: MusicPart) -> Wellness:
    """The one answer; a missing cloud never makes a house unhealthy."""
    if not lockd.reachable or lockd.version is None or not lockd.recording:
        return Wellness.UNHEALTHY
    trusted = lockd.clock == "trusted" and not lockd.disputed
    playing = music.connected or not music.is_here
    return Wellness.HEALTHY if trusted and link.online and playing else Wellness.DEGRADED


@dataclass(frozen=True, slots=True)
class HealthWatch:
    """Asks every part. `link` and `music` answer from memory, lockd within three seconds."""

    state: StateGate
    link: Callable[[], LinkPart]
    music: Callable[[], MusicPart]

    async def report(self) -> Health:
        """Never raises a declared error: an absent part is part of the report."""
        lockd, link, music = await self._lockd(), self.link(), self.music()
        return Health(status=judge(lockd, link, music), lockd=lockd, link=link, music=music)

    async def _lockd(self) -> LockdPart:
        try:
            async with asyncio.timeout(_LOCKD_SECONDS):
                return _part_of(await self.state.state())
        except (EdgeError, TimeoutError):
            return LockdPart(reachable=False)


def _part_of(state: HouseState) -> LockdPart:
    return LockdPart(
        reachable=True,
        clock=state.clock,
        epoch=state.epoch,
        version=state.version,
        facts_waiting=state.facts_through - state.facts_acknowledged,
        flaws=state.flaws,
        recording=state.recording,
        disputed=state.disputed,
    )


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The service manager that started us, if it wants to be told (systemd's sd_notify).

    `address`: its datagram socket, `@` for an abstract one. `patience_seconds`: without a sign of
    life for so long it starts us again; None: it does not watch.
    """

    address: str
    patience_seconds: float | None = None

    @classmethod
    def of(cls, address: str | None, micros: int | None) -> "Supervisor | None":
        """From NOTIFY_SOCKET and WATCHDOG_USEC; None when nobody wants to be told."""
        return None if address is None else cls(address, None if micros is None else micros / 1e6)

    def tell(self, words: str) -> None:
        """One message, such as READY=1. Never raises: nobody may be listening."""
        path = self.address.replace("@", "\0", 1) if self.address[:1] == "@" else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(words.encode(), path)


async def keep_telling(supervisor: Supervisor | None, well: Callable[[], object]) -> None:
    """READY=1, then a sign of life while the loop runs and `well` returns; what it raises ends it.

    A loop that stalls falls silent, and is started again.
    """
    if supervisor is None:
        return
    supervisor.tell("READY=1")
    while supervisor.patience_seconds is not None:
        well()
        supervisor.tell("WATCHDOG=1")
        await asyncio.sleep(supervisor.patience_seconds / 3)  # well within it
