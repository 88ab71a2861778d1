"""Is a backup that is damaged, foreign or in the wrong place refused in words, and a house's whole?"""

import secrets
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from edge_agent.policy.model import Time
from edge_agent.store import identity, locks
from edge_agent.store.audit import AuditStore
from edge_agent.store.fence import only_one
from edge_agent.store.locks import KeptLock
from portero.backups import archive, cloud, house
from portero.backups.archive import AboutHouse, Manifest
from portero.backups.errors import BackupError
from protocol.facts import Started
from protocol.ids import HouseId, LockId
from protocol.signing import Signer

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CANARY = "the key record of a lock"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, Path]:
    """Who can open a backup, and the file that does."""
    path = tmp_path / "backup.key"
    return archive.new_key(path), path


@pytest.fixture
def lockd_folder(tmp_path: Path) -> Path:
    """A house with one lock and three facts."""
    folder = tmp_path / "lockd"
    root = Signer.from_seed("root", secrets.token_bytes(32)).public_hex
    me = identity.create(folder, HouseId(uuid4()), root, random_bytes=secrets.token_bytes)
    kept = KeptLock(
        lock=LockId(uuid4()),
        driver="ttlock_ble",
        address="AA:BB",
        key=SecretStr(CANARY),
        zone="America/Lima",
    )
    locks.save(folder, [kept])
    audit = AuditStore(folder, me.house)
    time = Time(earliest=NOW, latest=NOW)
    for number in range(3):
        audit.append(Started(boot=f"boot {number}", software="0.1.0"), time=time)
    audit.close()
    return folder


def test_a_house_comes_back_on_a_new_card_but_not_as_the_same_device(
    lockd_folder: Path, keys: tuple[str, Path], tmp_path: Path
) -> None:
    recipient, key = keys
    out = tmp_path / "house.age"
    with only_one(lockd_folder):  # while lockd runs
        about = _back_up(lockd_folder, out, recipient)
    assert (about.locks, about.facts_through) == (1, 3)
    assert CANARY.encode() not in out.read_bytes()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    _, findings = house.verify(out, key)
    assert [each.fits for each in findings] == [True, True, True]

    card = tmp_path / "new card"
    house.load(card, out, key)
    (lock,) = locks.load(card)
    assert lock.key.get_secret_value() == CANARY
    assert not (card / identity.FILE).exists()
    assert identity.load(card / "former").house == about.house
    with pytest.raises(BackupError, match="belongs to a house already"):
        house.load(card, out, key)


def test_a_broken_audit_is_found_when_a_backup_is_tried(
    lockd_folder: Path, keys: tuple[str, Path], tmp_path: Path
) -> None:
    recipient, key = keys
    me = identity.load(lockd_folder)
    audit = AuditStore(lockd_folder, me.house)
    with audit._shelf.transaction() as db:
        db.execute("UPDATE fact SET exact = replace(exact, 'boot 1', 'boot 9') WHERE sequence = 2")
    audit.close()
    _back_up(lockd_folder, tmp_path / "house.age", recipient)
    _, findings = house.verify(tmp_path / "house.age", key)
    assert [each.what for each in findings if each.fits is False] == ["audit"]


def test_every_flipped_byte_and_every_cut_is_noticed(
    lockd_folder: Path, keys: tuple[str, Path], tmp_path: Path
) -> None:
    recipient, key = keys
    out = tmp_path / "house.age"
    _back_up(lockd_folder, out, recipient)
    whole = out.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        out.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BackupError):
            house.verify(out, key)
        out.write_bytes(whole[:place])
        with pytest.raises(BackupError):
            house.verify(out, key)


def test_another_key_does_not_open_it(
    lockd_folder: Path, keys: tuple[str, Path], tmp_path: Path
) -> None:
    _back_up(lockd_folder, tmp_path / "house.age", keys[0])
    archive.new_key(tmp_path / "other.key")
    with pytest.raises(BackupError, match="does not open with this key"):
        house.verify(tmp_path / "house.age", tmp_path / "other.key")


def test_nothing_is_overwritten_and_recipients_are_looked_at(
    lockd_folder: Path, keys: tuple[str, Path], tmp_path: Path
) -> None:
    recipient, key = keys
    out = tmp_path / "house.age"
    for wrong in ([], ["age1nobody"]):
        with pytest.raises(BackupError, match="recipient"):
            house.take(lockd_folder, recipients=wrong, out=out, now=NOW, software="0.1.0")
    assert not out.exists()
    _back_up(lockd_folder, out, recipient)
    with pytest.raises(BackupError, match="there already"):
        _back_up(lockd_folder, out, recipient)
    with pytest.raises(BackupError, match="File exists"):
        archive.new_key(key)


def test_a_file_that_its_manifest_does_not_name_is_noticed(
    keys: tuple[str, Path], tmp_path: Path
) -> None:
    recipient, key = keys
    folder = tmp_path / "folder"
    folder.mkdir()
    about = AboutHouse(house=uuid4(), locks=0, facts_through=0)
    manifest = Manifest.of(folder, about, made_at=NOW, software="0.1.0")
    (folder / "locks.json").write_text("[]")
    archive.pack(folder, manifest, tmp_path / "odd.age", [recipient])
    with pytest.raises(BackupError, match="not those of its manifest"):
        house.verify(tmp_path / "odd.age", key)


def test_a_cloud_is_brought_back_into_an_empty_database_only(
    owner_dsn: str, keys: tuple[str, Path], tmp_path: Path
) -> None:
    recipient, key = keys
    out = tmp_path / "cloud.age"
    secret = "a secret of this test only, long enough"
    cloud.take(
        owner_dsn, secret_key=secret, recipients=[recipient], out=out, now=NOW, software="0.1.0"
    )
    for bring_back in (
        lambda: cloud.load(owner_dsn, out, key),
        lambda: cloud.verify(owner_dsn, out, key, secret_key=secret),
    ):
        with pytest.raises(BackupError, match="into an empty one"):
            bring_back()
    with pytest.raises(BackupError, match="of a cloud, not of a house"):
        house.load(tmp_path / "card", out, key)


def _back_up(folder: Path, out: Path, recipient: str) -> AboutHouse:
    return house.take(folder, recipients=[recipient], out=out, now=NOW, software="0.1.0")
