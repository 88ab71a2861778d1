"""Is a file that cannot be trusted refused, and is what is kept really there?"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import StopGranting
from edge_agent.store.fence import only_one
from edge_agent.store.sqlite import Damaged, Shelf, set_aside

ONE = ("CREATE TABLE thing (name TEXT PRIMARY KEY) STRICT",)
TWO = (*ONE, "ALTER TABLE thing ADD COLUMN size INTEGER")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    opened = Shelf(tmp_path / "a.sqlite", ONE)
    yield opened
    opened.close()


def names(shelf: Shelf) -> list[str]:
    return shelf.all(str, "SELECT name FROM thing")


def test_the_settings_hold_on_the_connection_that_writes(shelf: Shelf) -> None:
    found = {
        name: shelf.one(str, f"PRAGMA {name}")
        for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": "2",
        "foreign_keys": "1",
        "trusted_schema": "0",
    }


def test_only_its_owner_may_read_the_file(tmp_path: Path, shelf: Shelf) -> None:
    assert (tmp_path / "a.sqlite").stat().st_mode & 0o077 == 0


def test_a_transaction_is_all_or_nothing(shelf: Shelf) -> None:
    def half() -> None:
        with shelf.transaction() as db:
            db.execute("INSERT INTO thing VALUES ('half')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with shelf.transaction() as db:
        db.execute("INSERT INTO thing VALUES ('whole')")
    assert names(shelf) == ["whole"]


def test_an_older_file_is_brought_up_to_date(tmp_path: Path) -> None:
    first = Shelf(tmp_path / "a.sqlite", ONE)
    with first.transaction() as db:
        db.execute("INSERT INTO thing VALUES ('kept')")
    first.close()
    second = Shelf(tmp_path / "a.sqlite", TWO)
    assert names(second) == ["kept"]
    assert second.one(int, "SELECT count(*) FROM thing WHERE size IS NULL") == 1
    second.close()


def test_a_file_from_newer_code_is_refused_and_left_alone(tmp_path: Path) -> None:
    Shelf(tmp_path / "a.sqlite", TWO).close()
    with pytest.raises(StopGranting) as refused:
        Shelf(tmp_path / "a.sqlite", ONE)
    assert refused.value.reason == "schema_too_new"
    assert not isinstance(refused.value, Damaged)


@pytest.mark.parametrize("damage", ["not a database", "torn page", "cut off"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.sqlite"
    shelf = Shelf(path, ONE)
    with shelf.transaction() as db:
        for number in range(2000):
            db.execute("INSERT INTO thing VALUES (?)", (f"thing {number}",))
    shelf.close()
    whole = path.read_bytes()
    harm = {
        "not a database": b"no" * 5000,
        "torn page": whole[:8192] + b"\xff" * 4096 + whole[12288:],
        "cut off": whole[: len(whole) // 2],
    }
    path.write_bytes(harm[damage])
    with pytest.raises(Damaged):
        Shelf(path, ONE)
    set_aside(path)
    fresh = Shelf(path, ONE)
    assert names(fresh) == []
    fresh.close()
    assert path.with_name("a.sqlite.damaged").exists()


def test_after_one_failed_write_nothing_is_believed_any_more(shelf: Shelf) -> None:
    def fill() -> None:
        with shelf.transaction() as db:
            for number in range(5000):
                db.execute("INSERT INTO thing VALUES (?)", (f"thing {number}" * 10,))

    shelf.one(int, "PRAGMA max_page_count = 3")
    with pytest.raises(StopGranting) as full:
        fill()
    assert full.value.reason == "a_broken"
    with pytest.raises(StopGranting):
        names(shelf)


def test_a_second_writer_is_noticed(tmp_path: Path) -> None:
    with only_one(tmp_path):
        with pytest.raises(StopGranting) as second, only_one(tmp_path):
            pass
        assert second.value.reason == "another_lockd_runs"
    with only_one(tmp_path):
        pass


def test_a_commit_is_there_for_the_next_process(tmp_path: Path, shelf: Shelf) -> None:
    with shelf.transaction() as db:
        db.execute("INSERT INTO thing VALUES ('kept')")
    other = sqlite3.connect(tmp_path / "a.sqlite")
    assert other.execute("SELECT name FROM thing").fetchall() == [("kept",)]
    other.close()
