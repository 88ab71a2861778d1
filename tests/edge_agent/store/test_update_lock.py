"""The host waits for the last piece of work, and for nothing that is over."""

import fcntl
from pathlib import Path

import pytest

from edge_agent.store.update_lock import UpdateLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "updates.lock"


def test_it_is_held_until_the_last_work_ends(path: Path) -> None:
    lock = UpdateLock(path)
    with lock.held():
        with lock.held():
            assert path.exists()
        assert path.exists()
        with path.open() as reader, pytest.raises(BlockingIOError):
            fcntl.flock(reader, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert not path.exists()


def test_work_that_fails_lets_go(path: Path) -> None:
    with pytest.raises(ValueError, match="the lock jammed"), UpdateLock(path).held():
        raise ValueError("the lock jammed")
    assert not path.exists()


def test_the_updaters_own_lock_is_left_alone_and_the_door_opens(path: Path) -> None:
    path.write_text("supervisor")
    lock = UpdateLock(path)
    with lock.held():
        pass
    assert path.read_text() == "supervisor"


def test_what_a_killed_process_left_is_taken_away(path: Path) -> None:
    killed = UpdateLock(path).held()
    killed.__enter__()
    UpdateLock(path)
    assert not path.exists()
    killed.__exit__(None, None, None)


def test_a_host_without_an_updater_is_fine(tmp_path: Path) -> None:
    with UpdateLock(None).held(), UpdateLock(tmp_path / "nowhere" / "updates.lock").held():
        pass
