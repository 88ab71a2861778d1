"""Does a flipped bit in any value of the state ever pass for what was written?"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.errors import StopGranting
from edge_agent.store.state import FILE, StateStore
from protocol.ids import RequestId
from tests.edge_agent.policy_kit import BOOKER, ENDS, FRIEND, FRONT, NOON, named
from tests.edge_agent.store.test_state import KEY, PIN, REQUEST, a_session

TABLES = ("session", "request", "delegation", "pin", "mark", "heard")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One row in every table, closed."""
    with closing(StateStore(tmp_path, KEY)) as store:
        fill(store)
    return tmp_path


def fill(store: StateStore) -> None:
    store.sessions.put(a_session("token"), keep_newest=5)
    store.requests.put(REQUEST)
    store.delegations.put(FRIEND, b"frame")
    store.pins.put(PIN)
    store.marks.set("clock", "said")
    assert store.marks.hear(RequestId(named("request")), until=ENDS, now=NOON)


def read_all(store: StateStore) -> list[object]:
    return [
        store.sessions.find("token"),
        store.requests.of_parent(BOOKER),
        dict(store.delegations.living()),
        store.pins.at_lock(FRONT),
        store.marks.get("clock"),
    ]


def columns(folder: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(folder / FILE)) as db:
        for table in TABLES:
            for row in db.execute(f"PRAGMA table_info({table})").fetchall():
                yield table, row[1]


def alter(folder: Path, table: str, column: str) -> None:
    """Another value of the same type."""
    name = f'"{column}"'
    text = f"CASE WHEN {name} IS NULL THEN 'x' ELSE 'x' || substr({name}, 2) END"
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        (kind,) = db.execute(
            "SELECT type FROM pragma_table_info(?) WHERE name = ?", (table, column)
        ).fetchone()
        new = {"INTEGER": f"{name} + 1", "BLOB": "x'00'", "TEXT": text}[kind]
        query = f"UPDATE {table} SET {name} = {new}"  # noqa: S608 - fixed words
        assert db.execute(query).rowcount == 1


def test_every_value_of_every_table_is_under_its_seal(folder: Path) -> None:
    """Altered while lockd is down: the row is dropped and told, whichever value it was."""
    original = (folder / FILE).read_bytes()
    tried = list(columns(folder))
    assert len(tried) > 30
    for table, column in tried:
        (folder / FILE).write_bytes(original)
        alter(folder, table, column)
        with closing(StateStore(folder, KEY)) as store:
            assert store.dropped == {table: 1}, (table, column)
            read_all(store)
        with closing(StateStore(folder, KEY)) as store:
            assert store.dropped == {}


@pytest.mark.parametrize("table", ["session", "request", "delegation", "pin", "mark"])
def test_a_row_altered_while_lockd_runs_is_refused(folder: Path, table: str) -> None:
    with closing(StateStore(folder, KEY)) as store:
        alter(folder, table, "seal")
        with pytest.raises(StopGranting):
            read_all(store)


def test_rows_of_another_house_are_dropped(folder: Path) -> None:
    with closing(StateStore(folder, b"o" * 32)) as store:
        assert store.dropped == dict.fromkeys(TABLES, 1)


def test_untouched_rows_stay(folder: Path) -> None:
    with closing(StateStore(folder, KEY)) as store:
        assert store.dropped == {}
        session, requests, delegations, pins, mark = read_all(store)
        assert session == a_session("token")
        assert requests == [REQUEST]
        assert delegations == {FRIEND: b"frame"}
        assert pins == [PIN]
        assert mark == "said"


def test_what_an_earlier_version_wrote_gets_its_seals(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        for table in TABLES:
            db.execute(f"UPDATE {table} SET seal = ''")  # noqa: S608 - fixed words
    with closing(StateStore(folder, KEY)) as store:
        assert store.dropped == {}
        assert store.pins.at_lock(FRONT) == [PIN]
    with closing(StateStore(folder, b"o" * 32)) as store:
        assert store.dropped == dict.fromkeys(TABLES, 1)


def test_an_ended_delegation_stays_ended(folder: Path) -> None:
    with closing(StateStore(folder, KEY)) as store:
        store.delegations.end(FRIEND, "revoked")
        store.delegations.put(FRIEND, b"frame")
        assert store.delegations.living() == {}
        assert store.delegations.ended() == {FRIEND}


def test_text_that_is_no_text_any_more_is_dropped(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        db.execute("UPDATE mark SET value = CAST(x'ff80' AS TEXT)")
    with closing(StateStore(folder, KEY)) as store:
        assert store.dropped == {"mark": 1}
