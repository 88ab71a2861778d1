"""F3 for what the wire model does not show: each check says no to a house that lacks the guard.

The same function judges the sound and the broken one; a check that nothing can fail proves nothing.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import override
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import ExclusionViolation

from edge_agent.link.client import Pace
from edge_agent.simulator.ttlock.lock import SimulatedLock
from edge_agent.simulator.ttlock.model import Bolt, Identity
from edge_agent.store.audit import AuditStore, Limits
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from protocol.facts import Alarmed
from protocol.ids import AttemptId, HouseId
from protocol.signing import Signer
from tests.cloud_api.reservations.test_reservation_guard import Connection, _occupy
from tests.desk import OVERLAPS
from tests.edge_agent.doorman import CLOUD_KID, Doorman
from tests.edge_agent.link_kit import link_to
from tests.edge_agent.link_kit import running as carried
from tests.edge_agent.lockd_kit import settle
from tests.edge_agent.policy_kit import FRONT, HOUSE, NOON, at
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import Bench
from tests.faults.proxy import Line

pytestmark = [pytest.mark.fault, pytest.mark.timeout(120)]

CEILING = 40
BACK_SECONDS = 10.0


@pytest.fixture
def connection(owner_dsn: str) -> Iterator[Connection]:
    with psycopg.connect(owner_dsn, autocommit=True) as opened:
        yield opened


def overlaps_after_a_rush(connection: Connection, scale: Scale) -> int:
    """I1: bookings of a few nights of two spaces, as they come; how many nights were sold twice."""
    dice, spaces = scale.dice("I1"), [uuid4(), uuid4()]
    for _ in range(40):
        first = dice.randrange(1, 20)
        nights = f"[2027-01-{first:02},2027-01-{first + dice.randrange(1, 6):02})"
        with contextlib.suppress(ExclusionViolation):
            _occupy(connection, dice.choice(spaces), nights)
    [(count,)] = connection.execute(OVERLAPS.encode()).fetchall()
    return int(str(count))


def test_i1_without_the_constraint_nights_are_sold_twice(
    connection: Connection, scale: Scale
) -> None:
    assert overlaps_after_a_rush(connection, scale) == 0
    connection.execute("ALTER TABLE occupancies DROP CONSTRAINT ex_occupancies_no_overlap")
    assert overlaps_after_a_rush(connection, scale) > 0


async def is_back_by_itself(folder: Path, pace: Pace) -> bool:
    """I9: a line cut off once; is the house on it again within a few seconds, untouched?"""
    with LocalBroker(folder / "broker", port=any_free()) as broker:
        async with Line(broker.port, Scale().dice("I9")).open() as line:
            doorman = Doorman.of(HouseId(uuid4()), Signer.from_seed(CLOUD_KID, b"\x07" * 32))
            link = link_to(line.port, doorman.house, doorman, pace=pace)
            async with carried(link):
                line.reset()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BACK_SECONDS):
                        while link.counters.connections < 2:  # noqa: ASYNC110 - a test looks from outside
                            await asyncio.sleep(0.02)
                return link.counters.connections > 1


async def test_i9_a_house_that_does_not_come_back_is_found_out(tmp_path: Path) -> None:
    assert await is_back_by_itself(tmp_path / "sound", Pace(first_retry_seconds=0.05))
    never = Pace(first_retry_seconds=3600, longest_retry_seconds=3600)
    assert not await is_back_by_itself(tmp_path / "broken", never)


class Prison(SimulatedLock):
    """A lock whose inside handle does nothing."""

    @override
    def turn_key(self, bolt: Bolt) -> None:
        return


def lets_out(lock: SimulatedLock) -> bool:
    """I10: somebody inside turns the handle."""
    lock.turn_key("unlocked")
    return lock.snapshot().bolt == "unlocked"


@pytest.mark.parametrize("build", [SimulatedLock, Prison])
def test_i10_a_lock_that_keeps_somebody_in_is_found_out(
    tmp_path: Path, build: type[SimulatedLock]
) -> None:
    lock = build(
        Identity.invent("C0:FF:EE:00:00:01", "Front door", secrets.token_bytes),
        tmp_path / "lock.db",
        now=lambda: NOON,
        started_local=NOON.replace(tzinfo=None),
        draw_token=lambda: 7,
    )
    with contextlib.closing(lock):
        assert lets_out(lock) is (build is SimulatedLock)


async def test_i10_whatever_becomes_of_lockd_the_handle_opens(bench: Bench, scale: Scale) -> None:
    """Killed while it locks and while it opens."""
    figure = Figure("F3 way out after lockd was killed in a move", scale.seed)
    dice = scale.dice("I10")
    for number in scale.tries(2, 100):
        async with bench.lockd() as lockd:
            token = await lockd.settle_in(version=number + 1)
            move = dice.choice(("open", "lock"))
            await lockd.client.move(token, FRONT, move, AttemptId(uuid4()))  # type: ignore[arg-type]  # one of both
            await asyncio.sleep(dice.uniform(0, 0.6))
            await lockd.kill()
        await bench.door.turn_key("unlocked")
        figure.tried += 1
        figure.violations += (await bench.door.snapshot()).bolt != "unlocked"
    figure.publish(scale)
    assert figure.violations == 0


def stays_small(folder: Path, limits: Limits) -> bool:
    """I11: the cloud has taken everything and is told more and more; how much is kept?"""
    settle(folder)
    with contextlib.closing(AuditStore(folder, HOUSE, limits)) as audit:
        for number in range(4 * CEILING):
            told = audit.append(Alarmed(name=f"n{number}"), time=at(NOON))
            audit.acknowledge(told.sequence, at=NOON + timedelta(days=1))
            audit.make_room()
        return audit.head().sequence - audit.oldest() < 2 * CEILING


def test_i11_a_record_without_a_ceiling_is_found_out(tmp_path: Path) -> None:
    assert stays_small(tmp_path / "sound", Limits(most_facts=CEILING, free_bytes=0))
    assert not stays_small(tmp_path / "broken", Limits(most_facts=10**9, free_bytes=0))
