"""How are floor and ours measured in turns, so that a busy neighbour slows both?"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench.figures import Lap, Pair

type Ask = Callable[[], Awaitable[None]]
"""One question with its answer; raises when the answer is not as it must be."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many turns, and how long or how often a turn asks."""

    rounds: int
    seconds: float
    times: int

    @classmethod
    def of(cls, *, quick: bool) -> "Plan":
        """A second in all, or long enough to mean something."""
        return cls(2, 0.2, 12) if quick else cls(7, 3.0, 200)


async def by_time(askers: Sequence[Ask], seconds: float) -> Lap:
    """All askers side by side, again and again, until the time is over."""
    times: list[float] = []
    began = time.perf_counter()

    async def keep_asking(ask: Ask) -> None:
        while (start := time.perf_counter()) - began < seconds:
            await ask()
            times.append(time.perf_counter() - start)

    async with asyncio.TaskGroup() as tasks:
        for ask in askers:
            tasks.create_task(keep_asking(ask), name="ask")
    return Lap(time.perf_counter() - began, times)


async def in_turns(pair: Pair, floor: Sequence[Ask], ours: Sequence[Ask], plan: Plan) -> Pair:
    """Floor, ours, floor, ours …; a short lap of each beforehand does not count."""
    for warming in (floor, ours):
        await by_time(warming, min(1.0, plan.seconds))
    for _ in range(plan.rounds):
        pair.floor.laps.append(await by_time(floor, plan.seconds))
        pair.ours.laps.append(await by_time(ours, plan.seconds))
    return pair
