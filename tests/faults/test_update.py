"""A13: an update is killed in its migration, comes in the middle of an unlock, or is taken back.

Old files are made by the very migrations that made them once. strace kills the new code at a chosen
write; the next start must find everything that was promised before the update.
"""

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.lock_app import STOPPED_GRANTING
from edge_agent.simulator.ttlock.model import Fault, FaultKind, Op
from edge_agent.store import audit, book, state
from edge_agent.store.audit import AuditStore
from edge_agent.store.book import BookStore
from edge_agent.store.sqlite import Shelf
from protocol.facts import Alarmed
from protocol.ids import AttemptId
from protocol.live import Outcome
from tests.edge_agent.lockd_kit import FakeClock, settle, snapshot_frame
from tests.edge_agent.means_kit import desk
from tests.edge_agent.policy_kit import FRONT, HOUSE, NOON, a_grant, a_snapshot, at, named
from tests.faults.breaking import FLUSHES, SQLITE_FILES, WRITES
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import Bench, until
from tests.faults.oracle import unaccounted

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

FACTS = 8
REVOKED = named("gone before the update")
STORES = {audit.FILE: audit._MIGRATIONS, book.FILE: book._MIGRATIONS, state.FILE: state._MIGRATIONS}
KILLED = -signal.SIGKILL


@pytest.fixture
def old_house(tmp_path: Path) -> Path:
    """A house as the newest code left it, with its audit put back to the first schema."""
    folder = tmp_path / "old"
    settle(folder)
    with desk(folder, FakeClock()) as made:
        made.take_keys()
        made.trust_time()
        made.offer(snapshot_frame(a_snapshot(a_grant(), version=7, revoked=(REVOKED,))))
        for number in range(FACTS):
            made.means.audit.append(Alarmed(name=f"n{number}"), time=at(NOON))
    for file, migrations in STORES.items():
        _put_back(folder / file, migrations)
    return folder


def _put_back(file: Path, migrations: Sequence[str]) -> None:
    """To the first schema, with the rows its tables can hold."""
    new = file.with_suffix(".new")
    file.rename(new)
    Shelf(file, migrations[:1]).close()
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("ATTACH ? AS newer", (str(new),))
        for (table,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
        ).fetchall():
            names = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
            columns = ", ".join(f'"{name}"' for name in names)
            query = f'INSERT OR REPLACE INTO "{table}" ({columns}) SELECT {columns} FROM newer."{table}"'  # noqa: S608 - names from our own schema
            db.execute(query)
        db.commit()
    new.unlink()
    for suffix in SQLITE_FILES[1:]:
        new.with_name(new.name + suffix).unlink(missing_ok=True)


def _opened_by_new_code(folder: Path, *, die_at: tuple[str, int] | None) -> tuple[int, str]:
    """Its end, and what strace saw."""
    log = folder.parent / "strace.log"
    command = [sys.executable, "-m", "tests.faults.under_way", str(folder)]
    paths = [
        word
        for file in STORES
        for suffix in SQLITE_FILES
        for word in ("-P", f"{folder / file}{suffix}")
    ]
    inject = [] if die_at is None else ["-e", f"inject={die_at[0]}:signal=KILL:when={die_at[1]}"]
    strace = shutil.which("strace") or "strace"
    traced = ["-f", "-o", str(log), *paths, "-e", f"trace={WRITES},{FLUSHES}", *inject]
    ended = subprocess.run([strace, *traced, *command], check=False)  # noqa: S603 - our own command
    return ended.returncode, log.read_text()


def test_killed_at_writes_and_flushes_of_a_migration(
    old_house: Path, tmp_path: Path, scale: Scale
) -> None:
    figure = Figure("A13 SIGKILL in a migration", scale.seed)
    code, seen = _opened_by_new_code(_copied(old_house, tmp_path), die_at=None)
    assert code == 0
    dice, wrong = scale.dice("A13"), list[str]()
    points = [
        (call, number)
        for call in (WRITES, FLUSHES)
        for number in range(1, seen.count(f"{call}(") + 1)
    ]
    assert len(points) > 10, "there is no migration to be killed in"
    for point in points if scale.evidence else sorted(dice.sample(points, 8)):
        folder = _copied(old_house, tmp_path)
        code, _ = _opened_by_new_code(folder, die_at=point)
        figure.note("killed", code == KILLED)
        figure.tried += 1
        wrong += [f"{point}: {each}" for each in _lost(folder)]
    figure.notes["writes and flushes in all"] = len(points)
    figure.violations = len(wrong)
    figure.publish(scale)
    assert wrong == []
    assert figure.notes["killed"] >= 0.7 * figure.tried


def _copied(house: Path, to: Path) -> Path:
    folder = to / "updated"
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(house, folder))


def _lost(folder: Path) -> list[str]:
    """What the next start misses."""
    with contextlib.closing(BookStore(folder)) as kept:
        snapshot, revoked = kept.snapshot(), kept.counters()
        wrong = [] if snapshot is not None and snapshot.version == 7 else ["the book"]
        wrong += [] if revoked else ["the counters"]
    with contextlib.closing(AuditStore(folder, HOUSE)) as facts:
        wrong += [] if facts.first_break() is None else ["a sound chain"]
        wrong += [] if facts.head().sequence > FACTS else [f"facts: {facts.head().sequence}"]
    with desk(folder, FakeClock()) as made:
        wrong += [] if made.means.ledger.book.snapshot is not None else ["a book to decide by"]
    return wrong


@pytest.mark.parametrize("file", list(STORES))
async def test_older_code_refuses_files_of_newer_code_and_leaves_them_alone(
    bench: Bench, file: str
) -> None:
    """The update is taken back: the older lockd does not grant, and loses nothing."""
    async with bench.lockd() as lockd:
        token = await lockd.settle_in()
    path = bench.data / file
    newer, known = _schema(path, lambda version: version + 1)
    before = _rows(path)
    assert await (await bench.spawn()).wait() == STOPPED_GRANTING
    assert _schema(path, lambda version: version)[0] == newer
    assert _rows(path) == before
    _schema(path, lambda _: known)
    async with bench.lockd() as lockd:
        attempt = AttemptId(uuid4())
        await lockd.client.move(token, FRONT, "open", attempt)
        told = await lockd.client.attempt(token, attempt, wait_seconds=20)
        assert getattr(told, "outcome", None) is Outcome.OPENED


def _schema(path: Path, change: Callable[[int], int]) -> tuple[int, int]:
    """Set the file's version; what it is now and what it was."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        (was,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {change(was)}")
        db.commit()
        (now,) = db.execute("PRAGMA user_version").fetchone()
    return now, was


def _rows(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


async def test_an_update_waits_for_the_unlock_and_for_no_dead_process(bench: Bench) -> None:
    """The host's update lock is held while the bolt moves; a killed lockd's is taken away."""
    lock_file = bench.folder / "updates.lock"
    said = ("env", f"PORTERO_LOCKD_UPDATE_LOCK={lock_file}")

    async def is_held() -> bool:
        return lock_file.exists()

    async with bench.lockd(*said) as lockd:
        token = await lockd.settle_in()
        await until(is_held, lambda held: not held)
        slowly = Fault(kind=FaultKind.LATE_REPLY, on=Op.CHECK_USER, seconds=2.0)
        await bench.door.add_fault(slowly)
        attempt = AttemptId(uuid4())
        await lockd.client.move(token, FRONT, "open", attempt)
        await until(is_held, bool)
        told = await lockd.client.attempt(token, attempt, wait_seconds=20)
        assert getattr(told, "outcome", None) is Outcome.OPENED
        await until(is_held, lambda held: not held)
        await until(bench.door.snapshot, lambda lock: not lock.connected)
        await bench.door.add_fault(slowly)
        await lockd.client.move(token, FRONT, "open", AttemptId(uuid4()))
        await until(is_held, bool)
        await lockd.kill()
        assert lock_file.exists()
    async with bench.lockd(*said) as lockd:
        await until(is_held, lambda held: not held)
    assert unaccounted(bench.facts(), await bench.openings()) == []
