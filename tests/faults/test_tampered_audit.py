"""E14: somebody with the house's disk in hand alters the audit. Every alteration is found.

Inside the chain by the chain; at its end, or with a chain made anew, by the head that the cloud
holds and sends back with each receipt.
"""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.actions.cloud_desk import CloudDesk
from edge_agent.actions.live import LiveCommands
from edge_agent.actions.move_door import MoveDoor
from edge_agent.store.audit import FILE, AuditStore
from protocol.envelope import Kind
from protocol.facts import GENESIS, Alarmed, Fact, Receipt, fact_hash
from protocol.ids import HouseId
from tests.edge_agent.lockd_kit import FakeClock, settle, signed
from tests.edge_agent.means_kit import beside, desk
from tests.edge_agent.policy_kit import HOUSE, NOON, at
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

FACTS = 40

type Tamper = Callable[[sqlite3.Connection, int], None]


def _edit(db: sqlite3.Connection, number: int) -> None:
    db.execute(
        "UPDATE fact SET exact = replace(exact, ':\"n', ':\"m') WHERE sequence = ?", (number,)
    )


def _edit_and_hash(db: sqlite3.Connection, number: int) -> None:
    """As somebody who knows how hashes are made, but stops there."""
    _edit(db, number)
    [exact] = db.execute("SELECT exact FROM fact WHERE sequence = ?", (number,)).fetchone()
    db.execute("UPDATE fact SET hash = ? WHERE sequence = ?", (fact_hash(exact.encode()), number))


def _delete(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM fact WHERE sequence = ?", (number,))


def _reorder(db: sqlite3.Connection, number: int) -> None:
    db.execute("UPDATE fact SET sequence = -1 WHERE sequence = ?", (number,))
    db.execute("UPDATE fact SET sequence = ? WHERE sequence = ?", (number, number + 1))
    db.execute("UPDATE fact SET sequence = ? WHERE sequence = -1", (number + 1,))


def _repeat(db: sqlite3.Connection, number: int) -> None:
    db.execute(
        "UPDATE fact SET (hash, exact) = (SELECT hash, exact FROM fact WHERE sequence = ?)"
        " WHERE sequence = ?",
        (number, number + 1),
    )


def _hash(db: sqlite3.Connection, number: int) -> None:
    db.execute("UPDATE fact SET hash = ? WHERE sequence = ?", (GENESIS, number))


def _blank(db: sqlite3.Connection, number: int) -> None:
    db.execute("UPDATE fact SET exact = '' WHERE sequence = ?", (number,))


INSIDE: dict[str, Tamper] = {
    each.__name__.strip("_"): each
    for each in (_edit, _edit_and_hash, _delete, _reorder, _repeat, _hash, _blank)
}


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """An audit of one house with some facts, closed."""
    return _filled(tmp_path / "sound", HOUSE)


@pytest.mark.parametrize("name", list(INSIDE))
def test_every_record_altered_inside_the_chain_is_found(
    sound: Path, tmp_path: Path, scale: Scale, name: str
) -> None:
    figure = Figure(f"E14 {name}", scale.seed)
    missed = []
    for number in range(1, FACTS):
        folder = _copy(sound, tmp_path / f"case-{number}")
        with _tampering(folder) as db:
            INSIDE[name](db, number)
        figure.tried += 1
        if _first_break(folder) is None:
            missed.append(number)
    figure.violations = len(missed)
    figure.publish(scale)
    assert missed == []


def test_an_untouched_audit_is_sound(sound: Path) -> None:
    assert _first_break(sound) is None


def test_another_houses_audit_is_found(tmp_path: Path) -> None:
    other = _filled(tmp_path / "other", HouseId(uuid4()))
    assert _first_break(other) == 1


@pytest.mark.parametrize("cut", [1, 2, 20, FACTS])
def test_a_cut_tail_is_found_by_the_head_the_cloud_holds(tmp_path: Path, cut: int) -> None:
    def cut_off(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM fact WHERE sequence > ?", (FACTS - cut,))

    assert _alarms_after(tmp_path, cut_off) == ["receipt_head_differs"]


@pytest.mark.parametrize("number", [1, 7, FACTS])
def test_a_chain_made_anew_is_found_by_the_head_the_cloud_holds(
    tmp_path: Path, number: int
) -> None:
    """The forger edits one fact and mends everything after it; only the cloud can tell."""

    def forge(db: sqlite3.Connection) -> None:
        _edit(db, number)
        previous = GENESIS
        rows = db.execute("SELECT sequence, exact FROM fact ORDER BY sequence").fetchall()
        for sequence, exact in rows:
            fact = Fact.from_bytes(exact.encode()).model_copy(update={"previous": previous})
            previous = fact_hash(fact.to_bytes())
            values = (previous, fact.to_bytes().decode(), sequence)
            db.execute("UPDATE fact SET hash = ?, exact = ? WHERE sequence = ?", values)

    assert _alarms_after(tmp_path, forge) == ["receipt_head_differs"]


def test_without_tampering_the_same_receipt_is_taken(tmp_path: Path) -> None:
    assert _alarms_after(tmp_path, lambda _: None) == []


def _alarms_after(folder: Path, tamper: Callable[[sqlite3.Connection], None]) -> list[str]:
    """The cloud has all facts; the file is altered while lockd is down; the receipt comes again."""
    settle(folder)
    clock = FakeClock()
    with desk(folder, clock) as before:
        for number in range(1, FACTS + 1):
            before.means.record(Alarmed(name=f"n{number}"))
        head = before.means.audit.head()
    with _tampering(folder) as db:
        tamper(db)
    with desk(folder, clock) as after:
        after.take_keys()
        doors = MoveDoor(after.means, {}, lambda _work, _name: None)
        live = LiveCommands(after.means, doors, frozenset())
        told = beside(after.means, after.state.marks, folder)
        cloud = CloudDesk(after.means, live, software="test", beside=told)
        receipt = Receipt(house=HOUSE, through=head.sequence, head=head.hash)
        asyncio.run(cloud.take("receipt", signed(Kind.RECEIPT, receipt)))
        alarms = [each.name for each in after.facts() if isinstance(each, Alarmed)]
    return [each for each in alarms if not each.startswith(("n", "m"))]


def _filled(folder: Path, house: HouseId) -> Path:
    folder.mkdir()
    with contextlib.closing(AuditStore(folder, house)) as audit:
        for number in range(1, FACTS + 1):
            moment = at(NOON + timedelta(seconds=number))
            audit.append(Alarmed(name=f"n{number}"), time=moment)
    return folder


def _copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def _first_break(folder: Path) -> int | None:
    with contextlib.closing(AuditStore(folder, HOUSE)) as audit:
        return audit.first_break()


@contextlib.contextmanager
def _tampering(folder: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(folder / FILE)) as db, db:
        yield db
