"""Does the house's audit agree with the lock's own record, whatever died in between?"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from uuid import UUID

from edge_agent.simulator.ttlock.model import Movement
from protocol.facts import Acted, Decided, Fact, SnapshotApplied
from protocol.live import Outcome
from tests.faults.lockd_bench import Bench

_LOCK_CLOCK_SECONDS = timedelta(seconds=1.5)
"""A lock's clock knows whole seconds, and was set over the air."""

_LAST_WORDS_SECONDS = 0.05


@dataclass
class Watch:
    """Looks after each death, before the next life mends anything.

    An attempt of an earlier life is never carried out again, so a life can open the door no more
    often than it has put a permission on the disk.
    """

    allowed: int = 0
    openings: int = 0

    async def after_a_death(self, bench: Bench) -> list[str]:
        """What is wrong with this life."""
        await asyncio.sleep(_LAST_WORDS_SECONDS)  # the lock may still be hearing the last word
        facts, openings = bench.facts(), await bench.openings()
        allowed = len(_allowed(facts))
        opened, permitted = len(openings) - self.openings, allowed - self.allowed
        self.allowed, self.openings = allowed, len(openings)
        found = disagreements(facts, openings)
        if opened > permitted:
            found.append(f"{opened} openings in a life with {permitted} durable permissions")
        return found


def disagreements(facts: Sequence[Fact], openings: Sequence[Movement]) -> list[str]:
    """What must hold at every moment, also on the disk of a lockd killed just now."""
    found = [*_unrecorded(_allowed(facts), openings), *_twice(facts), *_backwards(facts)]
    claimed = Counter(_last_outcomes(facts).values())
    if claimed[Outcome.OPENED] > len(openings):
        found.append(f"{claimed[Outcome.OPENED]} said to have opened, {len(openings)} did")
    return found


def unaccounted(facts: Sequence[Fact], openings: Sequence[Movement]) -> list[str]:
    """What must hold besides once lockd is up again: each attempt has an end, or is unknown."""
    found = disagreements(facts, openings)
    ends = _last_outcomes(facts)
    begun = {each.body.attempt for each in _allowed(facts) if isinstance(each.body, Decided)}
    found += [f"{each} has no end" for each in begun - set(ends)]
    possible = sum(each in {Outcome.OPENED, Outcome.UNKNOWN} for each in ends.values())
    if possible < len(openings):
        found.append(f"{len(openings)} openings, only {possible} admitted")
    return found


def _allowed(facts: Sequence[Fact]) -> list[Fact]:
    return [each for each in facts if isinstance(each.body, Decided) and each.body.allowed]


def _unrecorded(allowed: Sequence[Fact], openings: Sequence[Movement]) -> list[str]:
    """The n-th opening needs n decisions before it; the fact's time is the earliest possible."""
    moments = sorted(each.at_earliest for each in allowed)
    found = []
    for number, each in enumerate(openings):
        moved = each.at_local.replace(tzinfo=UTC)
        if number >= len(moments) or moments[number] > moved + _LOCK_CLOCK_SECONDS:
            found.append(f"opening {each.sequence} at {moved} before any record allowed it")
    return found


def _twice(facts: Sequence[Fact]) -> list[str]:
    """An attempt is decided once, and ends once or is unknown and then settled once."""
    decided = Counter(each.body.attempt for each in facts if isinstance(each.body, Decided))
    found = [f"{attempt} decided {times} times" for attempt, times in decided.items() if times > 1]
    for attempt, ends in _ends(facts).items():
        settled = [each for each in ends if each is not Outcome.UNKNOWN]
        if len(settled) > 1 or len(ends) > 2:
            found.append(f"{attempt} ended as {ends}")
    return found


def _backwards(facts: Sequence[Fact]) -> list[str]:
    versions = [
        (each.body.epoch, each.body.version)
        for each in facts
        if isinstance(each.body, SnapshotApplied)
    ]
    return [] if versions == sorted(versions) else [f"the book went back: {versions}"]


def _ends(facts: Sequence[Fact]) -> dict[UUID, list[Outcome]]:
    ends: dict[UUID, list[Outcome]] = {}
    for each in facts:
        if isinstance(each.body, Acted):
            ends.setdefault(each.body.attempt, []).append(each.body.outcome)
    return ends


def _last_outcomes(facts: Sequence[Fact]) -> dict[UUID, Outcome]:
    return {attempt: ends[-1] for attempt, ends in _ends(facts).items()}
