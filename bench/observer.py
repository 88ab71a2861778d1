"""When was a grant kept in the house, and when did the cloud know it? Watched from outside.

The house's acknowledgement is seen on the broker, the cloud's knowledge as a notification that a
trigger of the bench sends when the commit happens. Neither side knows that it is watched.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import aiomqtt
import asyncpg
import psycopg

from bench import grant_floor
from protocol.ids import HouseId
from protocol.topics import Down, Up, down, up

_CHANNEL = "bench_acked"
_OURS = """
CREATE FUNCTION bench_ours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('bench_acked', 'ours ' || NEW.acked_version); RETURN NULL; END $$;
CREATE TRIGGER bench_ours AFTER UPDATE ON fleet_houses FOR EACH ROW
WHEN (NEW.acked_version IS DISTINCT FROM OLD.acked_version) EXECUTE FUNCTION bench_ours()
"""
_FLOOR = """
CREATE FUNCTION bench_floor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('bench_acked', 'floor ' || NEW.id); RETURN NULL; END $$;
CREATE TRIGGER bench_floor AFTER UPDATE ON thin_grants FOR EACH ROW
EXECUTE FUNCTION bench_floor()
"""
_WAIT_SECONDS = 30.0


@dataclass(slots=True)
class Seen:
    """Moments of one grant, by the machine's monotonic clock."""

    published: float | None = None
    in_house: float | None = None
    in_cloud: asyncio.Event = field(default_factory=asyncio.Event)
    in_cloud_at: float = 0.0


@dataclass(slots=True)
class Observer:
    """Who waits for which stay, and which versions hold which; the floor's ids count as stays."""

    waiting: dict[str, Seen] = field(default_factory=dict)
    stays_of: dict[int, frozenset[str]] = field(default_factory=dict)
    early: dict[int, float] = field(default_factory=dict)

    def expect(self, stay: str) -> Seen:
        """From now on this one is looked for."""
        return self.waiting.setdefault(stay, Seen())

    async def arrived(self, stay: str) -> Seen:
        """Once the cloud knows that the house holds it."""
        seen = self.waiting[stay]
        async with asyncio.timeout(_WAIT_SECONDS):
            await seen.in_cloud.wait()
        del self.waiting[stay]
        return seen

    def heard(self, topic: str, payload: bytes) -> None:
        """A message between cloud and house."""
        now = time.perf_counter()
        if topic == grant_floor.UP:
            self._kept(frozenset({str(UUID(bytes=payload))}), now)
            return
        body = json.loads(payload.partition(b"\n")[2])
        if topic.endswith(Down.SNAPSHOT):
            stays = frozenset(str(each.get("stay")) for each in body["grants"])
            self.stays_of[body["version"]] = stays
            if (known := self.early.pop(body["version"], None)) is not None:
                self._known(stays, known)
            for stay in stays & self.waiting.keys():
                self.waiting[stay].published = self.waiting[stay].published or now
        elif body["result"] != "refused":
            self._kept(self.stays_of.get(body["position"]["version"], frozenset()), now)

    def notified(self, word: str) -> None:
        """A commit in the cloud."""
        now = time.perf_counter()
        side, _, what = word.partition(" ")
        if side == "floor":
            self._known(frozenset({what}), now)
        elif int(what) in self.stays_of:
            self._known(self.stays_of[int(what)], now)
        else:  # two sockets: the commit was heard before the snapshot it is about
            self.early[int(what)] = now

    def _known(self, stays: frozenset[str], now: float) -> None:
        for stay in stays & self.waiting.keys():
            seen = self.waiting[stay]
            if not seen.in_cloud.is_set():
                seen.in_cloud_at = now
                seen.in_cloud.set()

    def _kept(self, stays: frozenset[str], now: float) -> None:
        for stay in stays & self.waiting.keys():
            seen = self.waiting[stay]
            seen.in_house = seen.in_house or now


def prepare(owner_dsn: str) -> None:
    """The floor's table, and what makes commits heard."""
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        for statement in (grant_floor.TABLE, _OURS, _FLOOR):
            owner.execute(statement.encode())


@asynccontextmanager
async def watching(owner_dsn: str, broker_port: int, house: HouseId) -> AsyncIterator[Observer]:
    """An observer at work."""
    observer = Observer()
    connection = await asyncpg.connect(owner_dsn)
    hear: Callable[..., None] = lambda *words: observer.notified(str(words[-1]))  # noqa: E731
    await connection.add_listener(_CHANNEL, hear)
    async with grant_floor.line(broker_port, "bench-observer") as mqtt:
        for topic in (down(house, Down.SNAPSHOT), up(house, Up.ACK), grant_floor.UP):
            await mqtt.subscribe(topic, qos=1)
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(_hear(mqtt, observer), name="observe")
            yield observer
            hearing.cancel()
    await connection.close()


async def _hear(mqtt: aiomqtt.Client, observer: Observer) -> None:
    async for message in mqtt.messages:
        observer.heard(str(message.topic), bytes(message.payload))
