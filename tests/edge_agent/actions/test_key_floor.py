"""Can somebody who puts back an old book put back old keys with it?"""

import shutil
from pathlib import Path

from edge_agent.store import book
from tests.edge_agent.lockd_kit import FakeClock, a_key_document, settle
from tests.edge_agent.means_kit import desk


def lose(folder: Path, name: str) -> None:
    for each in folder.glob(f"{name}*"):
        each.unlink()


def test_the_newest_key_document_outlives_the_file_that_held_it(tmp_path: Path) -> None:
    settle(tmp_path)
    with desk(tmp_path, FakeClock()) as made:
        assert made.means.ledger.take_keys(a_key_document(version=3)) is not None
    lose(tmp_path, book.FILE)
    with desk(tmp_path, FakeClock()) as bare:
        assert bare.means.ledger.keys is None
        assert bare.means.ledger.take_keys(a_key_document(version=2)) is None
        assert bare.means.ledger.keys is None
        assert bare.means.ledger.take_keys(a_key_document(version=3)) is not None


def test_an_older_book_with_older_keys_put_back_is_refused_and_told(tmp_path: Path) -> None:
    folder, kept = tmp_path / "house", tmp_path / "kept"
    folder.mkdir()
    settle(folder)
    with desk(folder, FakeClock()) as made:
        made.means.ledger.take_keys(a_key_document(version=1))
    shutil.copytree(folder, kept)
    with desk(folder, FakeClock()) as made:
        made.means.ledger.take_keys(a_key_document(version=2))
    lose(folder, book.FILE)
    for each in kept.glob(f"{book.FILE}*"):
        shutil.copy(each, folder)
    with desk(folder, FakeClock()) as rolled_back:
        assert rolled_back.means.ledger.keys is None
        assert [each.name for each in rolled_back.alarms] == ["stored_keys_refused"]


def test_keys_believed_by_an_earlier_version_are_remembered_at_the_next_start(
    tmp_path: Path,
) -> None:
    settle(tmp_path)
    with desk(tmp_path, FakeClock()) as made:
        made.means.ledger.take_keys(a_key_document(version=2))
        made.state.marks.set("newest_key_document", "0")
    with desk(tmp_path, FakeClock()):
        pass
    lose(tmp_path, book.FILE)
    with desk(tmp_path, FakeClock()) as bare:
        assert bare.means.ledger.take_keys(a_key_document(version=1)) is None
