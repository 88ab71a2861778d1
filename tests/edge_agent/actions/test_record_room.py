"""Is it told in time that the record runs out of room, and is a break in old facts found?"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.actions.record_room import RecordRoom, check_chain
from edge_agent.errors import TryLater
from edge_agent.store.audit import FILE, AuditStore, Limits
from protocol.access import Role
from protocol.facts import Alarmed, Decided, Via
from protocol.house import ClockState
from protocol.ids import AttemptId
from tests.edge_agent.lockd_kit import FakeClock, settle
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import BOOKER, FRONT, NOON, named

MOST = 20


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Desk]:
    """A house whose record holds twenty facts."""
    (tmp_path / "narrow").mkdir()
    settle(tmp_path)
    with (
        desk(tmp_path, FakeClock()) as made,
        closing(AuditStore(tmp_path / "narrow", made.me.house, Limits(MOST, 0))) as audit,
    ):
        made.means = replace(made.means, audit=audit)
        yield made


def note(made: Desk, count: int) -> None:
    for number in range(count):
        made.means.record(Alarmed(name=f"n{number}"))


def an_opening(*, allowed: bool = True) -> Decided:
    return Decided(
        attempt=AttemptId(named("attempt")),
        grant=BOOKER,
        role=Role.GUEST,
        right=f"door:open:{FRONT}",
        via=Via.LAN,
        allowed=allowed,
        clock=ClockState.TRUSTED,
    )


def told(made: Desk) -> list[str]:
    names = [each.name for each in made.facts() if isinstance(each, Alarmed)]
    return [each for each in names if not each.startswith("n")]


def test_a_full_record_shuts_the_doors_and_is_told_once(narrow: Desk) -> None:
    room = RecordRoom(narrow.means)
    note(narrow, MOST - 1)
    room.look()
    assert told(narrow) == []
    narrow.means.record(an_opening())
    room.look()
    room.look()
    assert told(narrow) == ["audit_full_no_opening"]
    with pytest.raises(TryLater, match="no_room"):
        narrow.means.record(an_opening())
    narrow.means.record(Alarmed(name="n"))  # what must be told still is


def test_what_the_cloud_acknowledges_makes_room(narrow: Desk) -> None:
    room = RecordRoom(narrow.means)
    note(narrow, MOST)
    room.look()
    narrow.means.audit.acknowledge(10, at=NOON)
    room.look()
    room.look()
    assert told(narrow) == ["audit_full_no_opening", "audit_ceiling_reached"]
    assert narrow.means.audit.oldest() > 1
    narrow.means.record(an_opening())


@pytest.mark.parametrize("number", [1, 2, 200, 201, 399, 400])
async def test_a_break_in_old_facts_is_found_without_holding_anybody_up(
    tmp_path: Path, number: int
) -> None:
    settle(tmp_path)
    with desk(tmp_path, FakeClock()) as made:
        audit = made.means.audit
        assert isinstance(audit, AuditStore)
        note(made, 450)
        await check_chain(made.means, audit.first_break, through=450)
        assert told(made) == []
        with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
            db.execute("UPDATE fact SET hash = 'x' WHERE sequence = ?", (number,))
        turns = 0
        async with asyncio.TaskGroup() as group:
            task = group.create_task(check_chain(made.means, audit.first_break, through=450))
            while not task.done():
                await asyncio.sleep(0)
                turns += 1
        assert turns > (number - 1) // 200
        assert told(made) == ["audit_chain_broken"]


async def test_facts_may_be_forgotten_while_they_are_looked_at(tmp_path: Path) -> None:
    settle(tmp_path)
    with desk(tmp_path, FakeClock()) as made:
        audit = made.means.audit
        assert isinstance(audit, AuditStore)
        note(made, 450)
        asked = list[int]()

        def first_break(*, after: int, limit: int) -> int | None:
            asked.append(after)
            if len(asked) == 2:
                audit.acknowledge(300, at=NOON)
                audit.prune(NOON.replace(year=2027))
            return audit.first_break(after=after, limit=limit)

        await check_chain(made.means, first_break, through=450)
        assert told(made) == []
        assert asked == [0, 200, 500][: len(asked)]
