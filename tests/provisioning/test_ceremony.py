"""Keys are made once, kept private, and spoken for by the root alone."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from protocol.envelope import EnvelopeError
from protocol.keys import KeyUse, open_key_document
from provisioning import ceremony
from provisioning.errors import UnreadableError, WouldOverwriteError

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    root, cloud = tmp_path / "root", tmp_path / "cloud"
    ceremony.hold(root_folder=root, cloud_folder=cloud, now=NOW)
    return root, cloud


def test_the_first_document_lists_every_use_once(folders: tuple[Path, Path]) -> None:
    document = ceremony.read_document(folders[1])
    assert document is not None
    assert document.version == 1
    uses = [use for key in document.keys for use in key.uses]
    assert sorted(uses) == sorted(KeyUse)
    assert document.allows_epoch("snapshot-1", 1)
    assert not document.allows_epoch("live-1", 1)


def test_private_keys_are_for_their_owner_only(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        for key in folder.glob("*.key"):
            assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not list(folders[1].glob("root.key"))


def test_keys_are_never_replaced(folders: tuple[Path, Path]) -> None:
    before = (folders[0] / "root.key").read_bytes()
    with pytest.raises(WouldOverwriteError):
        ceremony.hold(root_folder=folders[0], cloud_folder=folders[1], now=NOW)
    assert (folders[0] / "root.key").read_bytes() == before


def test_each_document_is_newer_than_the_last(folders: tuple[Path, Path]) -> None:
    root, cloud = folders
    document = ceremony.sign_document(root, cloud, epochs={1, 2}, now=NOW)
    assert document.version == 2
    assert document.allows_epoch("snapshot-1", 2)
    assert ceremony.read_document(cloud) == document


def test_rotation_keeps_the_old_key_beside_the_new(tmp_path: Path) -> None:
    root, cloud, fresh = tmp_path / "root", tmp_path / "cloud", tmp_path / "fresh"
    old = ceremony.hold(root_folder=root, cloud_folder=cloud, now=NOW)
    fresh.mkdir()
    for name in ("root.pub", "keys.signed"):
        (fresh / name).write_bytes((cloud / name).read_bytes())
    ceremony.create_cloud_keys(fresh, serial=2)
    document = ceremony.sign_document(root, fresh, epochs={1}, now=NOW, keep=old.keys)
    assert document.version == 2
    assert document.allows_epoch("snapshot-1", 1)
    assert document.allows_epoch("snapshot-2", 1)


def test_a_document_the_root_did_not_sign_is_refused(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    ceremony.create_root(tmp_path / "other-root", other)
    frame = (folders[1] / "keys.signed").read_bytes()
    with pytest.raises(EnvelopeError):
        open_key_document(frame, (other / "root.pub").read_text().strip())
    (other / "keys.signed").write_bytes(frame)
    with pytest.raises(UnreadableError):
        ceremony.read_document(other)


def test_a_garbled_key_says_so_without_showing_it(folders: tuple[Path, Path]) -> None:
    root, cloud = folders
    (cloud / "live.key").write_text("live-1 not-hex-but-secret\n")
    with pytest.raises(UnreadableError) as refused:
        ceremony.sign_document(root, cloud, epochs={1}, now=NOW)
    assert "secret" not in str(refused.value)
