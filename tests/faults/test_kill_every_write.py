"""A2: lockd dies at every single write and flush of a transaction, and the disk stays sound.

An unlock and a new book are carried out by a real lockd; strace kills it at the n-th write to, or
flush of, its audit and book files. Each n is one run; the next start must find a sound disk.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.errors import EdgeError
from edge_agent.store import audit, book
from protocol.house import AckResult
from protocol.ids import AttemptId
from tests.edge_agent.policy_kit import FRONT
from tests.faults.breaking import FLUSHES, WRITES, tampered
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import Bench, Lockd
from tests.faults.oracle import Watch, unaccounted

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

NEVER = 65_000
SAMPLE = {WRITES: 6, FLUSHES: 2}
"""Of all points, so many in the quick form; the seed chooses which."""


@dataclass
class Doing:
    """What is under way when lockd dies, and what it has promised so far."""

    token: str
    promised: int = 1

    async def remember(self, lockd: Lockd) -> list[str]:
        """What this life holds; what a promised book's absence would be."""
        held = (await lockd.client.state()).version or 0
        lost = [] if held >= self.promised else [f"book {self.promised} lost, {held} held"]
        self.promised = max(self.promised, held)
        return lost

    async def unlock(self, lockd: Lockd) -> None:
        attempt = AttemptId(uuid4())
        await lockd.client.move(self.token, FRONT, "open", attempt)
        await lockd.client.attempt(self.token, attempt, wait_seconds=20)

    async def renew(self, lockd: Lockd) -> None:
        acked = await lockd.give_book(self.promised + 1)
        assert acked.result is AckResult.APPLIED
        self.promised += 1


type Deed = Callable[[Doing, Lockd], Awaitable[None]]
DEEDS: dict[str, Deed] = {"unlock": Doing.unlock, "new book": Doing.renew}


@dataclass
class Campaign:
    """One deed, done again and again with a kill at another point."""

    bench: Bench
    doing: Doing
    deed: Deed
    figure: Figure
    watch: Watch = field(default_factory=Watch)
    wrong: list[str] = field(default_factory=list)

    async def count(self, calls: str) -> int:
        """How many points there are when nothing is broken."""
        async with self.bench.lockd() as lockd:
            await self.doing.remember(lockd)
            async with self._killing(lockd, calls, point=NEVER) as log:
                await self.deed(self.doing, lockd)
        total = log.read_text().count(f"{calls}(")
        self.figure.notes[f"{calls} in all"] = total
        return total

    async def die_at(self, calls: str, point: int) -> None:
        """One run; what the disk and the lock say before anybody mends anything."""
        async with self.bench.lockd() as lockd:
            self.figure.took(lockd.up_after)
            self.wrong += await self.doing.remember(lockd)
            async with self._killing(lockd, calls, point=point):
                with contextlib.suppress(EdgeError):
                    await self.deed(self.doing, lockd)
                self.figure.note("killed", await lockd.ends_within(1.0) is not None)
        self.figure.tried += 1
        self.wrong += await self.watch.after_a_death(self.bench)

    async def finish(self) -> None:
        """After the last start all attempts have ended, or are unknown."""
        async with self.bench.lockd() as lockd:
            self.wrong += await self.doing.remember(lockd)
        self.wrong += unaccounted(self.bench.facts(), await self.bench.openings())
        self.figure.violations = len(self.wrong)

    @contextlib.asynccontextmanager
    async def _killing(self, lockd: Lockd, calls: str, *, point: int) -> AsyncIterator[Path]:
        log = self.bench.folder / "strace.log"
        files = [self.bench.data / audit.FILE, self.bench.data / book.FILE]
        action = f"signal=KILL:when={point}"
        async with tampered(lockd.process.pid, calls, action, files, log):
            yield log


@pytest.mark.parametrize("name", list(DEEDS))
async def test_killed_at_each_write_and_flush(bench: Bench, scale: Scale, name: str) -> None:
    figure = Figure(f"A2 {name}, SIGKILL at each write and flush", scale.seed)
    async with bench.lockd() as lockd:
        doing = Doing(await lockd.settle_in())
    campaign = Campaign(bench, doing, DEEDS[name], figure)
    for calls in (WRITES, FLUSHES):
        points = range(1, await campaign.count(calls) + 1)
        chosen = points if scale.evidence else _some(points, scale, calls)
        for point in chosen:
            await campaign.die_at(calls, point)
    await campaign.finish()
    figure.publish(scale)
    assert campaign.wrong == []
    assert figure.notes["killed"] >= 0.7 * figure.tried


def _some(points: range, scale: Scale, calls: str) -> list[int]:
    return sorted(scale.dice(calls).sample(points, min(len(points), SAMPLE[calls])))
