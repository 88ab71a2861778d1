"""A1 for the others: worker, courier, agent and lockd die at any moment of bookings and commands.

Nothing is lost and nothing is done twice: every confirmed booking ends in exactly one key in the
house's own book, every cancelled one in none, every remote command in at most one movement.
"""

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from portero.demo.client import Caller
from portero.demo.waiting import until
from protocol.facts import Decided
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK
from tests.faults.oracle import unaccounted
from tests.faults.staff import let_staff_open
from tests.faults.whole import SOON, Whole

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(7200),
    pytest.mark.xdist_group("whole system"),
]

VICTIMS = ("worker", "courier", "agent", "lockd")
RECOVERED_SECONDS = 30.0


@dataclass
class Season:
    """Bookings made and cancelled, commands given, while processes die."""

    whole: Whole
    host: Caller
    dice: random.Random
    booked: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def one_day(self, number: int) -> None:
        """Something of everything, and one death within 300 ms of it."""
        victim = VICTIMS[number % len(VICTIMS)]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(number), name="work")
            await asyncio.sleep(self.dice.uniform(0, 0.3))
            await asyncio.to_thread(self.whole.kill, victim)
            self.whole.start(victim)

    async def _work(self, number: int) -> None:
        unit = self.dice.choice(("Sea room", "Garden room"))
        booking = await self.whole.confirmed(self.host, unit, first=number + 3)
        self.booked.append(booking)
        await self._command()
        if self.dice.random() < 0.3:
            await self.host.post(f"/api/v1/reservations/{booking}/cancel")
            self.booked.remove(booking)
            self.cancelled.append(booking)

    async def _command(self) -> None:
        lock = self.whole.place.locks["Front door"]
        path = f"/api/v1/houses/{self.whole.place.house}/doors/{lock}/moves"
        answer = await self.host.try_post(path, {"move": "open", "reason": "a test"})
        if answer.is_success:
            self.commands.append(answer.json()["command_id"])


async def test_nothing_is_lost_and_nothing_is_done_twice(whole: Whole, scale: Scale) -> None:
    figure = Figure("A1 worker, courier, agent, lockd SIGKILL", scale.seed)
    async with whole.host() as host:
        await let_staff_open(whole, host)
        season = Season(whole, host, scale.dice("A1 rest"))
        for number in scale.tries(12, 50):
            await season.one_day(number)
            figure.tried += 1
        began = CLOCK.monotonic()
        await _all_granted(season)
        await whole.delivered(host)
        figure.took(CLOCK.monotonic() - began)
        wrong = [*await _keys(season), *await _commands(season), *_queues(whole)]
        wrong += await _house(season)
    figure.violations = len(wrong)
    figure.notes |= {"bookings": len(season.booked), "cancelled": len(season.cancelled)}
    figure.notes |= {"commands": len(season.commands), "openings": len(await whole.openings())}
    figure.publish(scale)
    assert wrong == []
    assert figure.worst_ms is not None
    assert figure.worst_ms < RECOVERED_SECONDS * 1000


async def _all_granted(season: Season) -> None:
    """The worker may be behind; it must get there."""

    async def is_so() -> bool:
        for booking in season.booked:
            if not _active(await season.whole.grants_of(season.host, booking)):
                return False
        for booking in season.cancelled:
            if _active(await season.whole.grants_of(season.host, booking)):
                return False
        return True

    await until(is_so, SOON, "a booking or a cancellation was not heard of", troupe=None)


async def _keys(season: Season) -> list[str]:
    """Exactly one active grant for each booking, and the house's book holds exactly these."""
    wrong, wanted = list[str](), set[str]()
    for booking in season.booked:
        active = _active(await season.whole.grants_of(season.host, booking))
        wanted |= active
        if len(active) != 1:
            wrong.append(f"booking {booking} has {len(active)} keys")
    held = {str(each.id) for each in season.whole.book().grants if each.stay is not None}
    wrong += [f"grant {each} is not in the house" for each in wanted - held]
    cancelled = [await season.whole.grants_of(season.host, each) for each in season.cancelled]
    gone = {str(grant["id"]) for grants in cancelled for grant in grants}
    return wrong + [f"cancelled grant {each} is in the house" for each in gone & held]


async def _commands(season: Season) -> list[str]:
    """Each command has an end that its asker can be told; none is still under way."""
    ends = dict[str, int]()
    for command in season.commands:
        told = await season.host.get(f"/api/v1/door-commands/{command}?wait=12")
        outcome = str(told.get("outcome"))
        ends[outcome] = ends.get(outcome, 0) + 1
    wrong = [] if "None" not in ends else [f"{ends['None']} commands never ended"]
    opened = len(await season.whole.openings())
    if ends.get("opened", 0) > opened:
        wrong.append(f"{ends['opened']} commands told as opened, {opened} openings")
    return wrong


def _queues(whole: Whole) -> list[str]:
    """Nothing was given up, no version was skipped or made twice."""
    [(skipped,)] = whole.rows(
        "SELECT count(*) FILTER (WHERE before IS NOT NULL AND version <> before + 1) FROM"
        " (SELECT version, lag(version) OVER (ORDER BY version) AS before FROM fleet_snapshots) s"
    )
    [(behind,)] = whole.rows(
        "SELECT count(*) FROM (SELECT sequence, lag(sequence) OVER (ORDER BY sequence) AS before"
        " FROM fleet_facts) f WHERE before IS NOT NULL AND sequence <> before + 1"
    )
    wrong = [f"{skipped} snapshot versions skipped"] if skipped else []
    return wrong + ([f"{behind} gaps in the facts"] if behind else [])


async def _house(season: Season) -> list[str]:
    """The house's audit agrees with the lock; the cloud learns of every fact."""
    whole = season.whole
    facts = whole.facts()
    decided = [each for each in facts if isinstance(each.body, Decided)]
    commands = [each.body.command for each in decided if isinstance(each.body, Decided)]
    wrong = unaccounted(facts, await whole.openings())
    wrong += [] if len(commands) == len(set(commands)) else ["a command was decided twice"]
    last = facts[-1].sequence

    async def is_known() -> bool:
        [(through,)] = whole.rows("SELECT coalesce(max(sequence), 0) FROM fleet_facts")
        return isinstance(through, int) and through >= last

    await until(is_known, SOON, "the cloud did not learn of all facts", troupe=whole.troupe)
    letters = await season.host.get("/api/v1/dead-letters")
    return wrong + ([] if letters.get("total") == 0 else [f"dead letters: {letters}"])


def _active(grants: list[dict[str, object]]) -> set[str]:
    return {str(each["id"]) for each in grants if each["state"] == "active"}
