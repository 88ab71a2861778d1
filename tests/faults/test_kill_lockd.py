"""May lockd die at any moment? (A1) Taps and new books under way, SIGKILL, start again."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from edge_agent.errors import EdgeError
from protocol.house import AckResult
from protocol.ids import AttemptId
from tests.edge_agent.policy_kit import FRONT
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import Bench, Lockd
from tests.faults.oracle import Watch, unaccounted

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

RECOVERED_SECONDS = 30.0
LEADS = (0.0, 0.3, 0.6)
"""An opening takes half a second: so every part of it is under way at some kill."""


@dataclass
class Load:
    """What guests and cloud do at once, and what the house has promised them."""

    token: str
    dice: random.Random
    asked: list[AttemptId] = field(default_factory=list)
    offered: int = 1
    promised: int = 1

    async def rush(self, lockd: Lockd) -> None:
        """Until lockd dies."""
        with contextlib.suppress(EdgeError, OSError):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tap(lockd), name="tap")
                group.create_task(self._renew(lockd), name="renew")

    async def _tap(self, lockd: Lockd) -> None:
        """One attempt that the last life knew, then new ones, each asked for twice."""
        for attempt in self.asked[-1:]:
            await lockd.client.move(self.token, FRONT, "open", attempt)
        while True:
            attempt = AttemptId(UUID(int=self.dice.getrandbits(128), version=4))
            self.asked.append(attempt)
            for _ in range(2):
                await lockd.client.move(self.token, FRONT, "open", attempt)
            await lockd.client.attempt(self.token, attempt, wait_seconds=20)

    async def _renew(self, lockd: Lockd) -> None:
        while True:
            self.offered += 1
            acked = await lockd.give_book(self.offered)
            assert acked.result is AckResult.APPLIED, acked
            self.promised = self.offered
            await asyncio.sleep(self.dice.uniform(0, 0.1))


async def test_lockd_killed_at_any_moment_under_load(bench: Bench, scale: Scale) -> None:
    dice, figure = scale.dice("A1"), Figure("A1 lockd SIGKILL", scale.seed)
    async with bench.lockd() as lockd:
        load = Load(await lockd.settle_in(), dice)
    wrong, watch = list[str](), Watch()
    for _ in scale.tries(20, 1000):
        wrong += await _one_life(bench, load, figure, watch)
        figure.tried += 1
    async with bench.lockd() as lockd:
        await lockd.client.state()
    facts, openings = bench.facts(), await bench.openings()
    wrong += unaccounted(facts, openings)
    figure.violations = len(wrong)
    figure.notes |= {"attempts": len(load.asked), "openings": len(openings), "facts": len(facts)}
    figure.notes["books"] = load.offered
    figure.publish(scale)
    assert wrong == []
    assert openings, "nothing ever opened: the load is no load"
    assert figure.worst_ms is not None
    assert figure.worst_ms < RECOVERED_SECONDS * 1000


async def _one_life(bench: Bench, load: Load, figure: Figure, watch: Watch) -> list[str]:
    """Up, rush, killed; what the disk and the lock say before anybody mends anything."""
    async with bench.lockd() as lockd, asyncio.TaskGroup() as group:
        figure.took(lockd.up_after)
        state = await lockd.client.state()
        lost = [] if (state.version or 0) >= load.promised else [f"book {load.promised} lost"]
        untrusted = [] if state.clock == "trusted" else ["time lost within one boot"]
        rushing = group.create_task(load.rush(lockd), name="rush")
        await asyncio.sleep(load.dice.choice(LEADS) + load.dice.uniform(0, 0.3))
        await lockd.kill()
        await rushing
    return lost + untrusted + await watch.after_a_death(bench)
