"""Are the house's keys made once, kept to itself and never shown?"""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from edge_agent.errors import StopGranting
from edge_agent.store import identity, locks
from edge_agent.store.locks import KeptLock, KeptWay
from protocol.house import house_kid
from protocol.ids import LockId
from tests.edge_agent.lockd_kit import ROOT, seed
from tests.edge_agent.policy_kit import FRONT, HOUSE

KEY = '{"aesKeyStr":"c0ffee"}'


def random_bytes(size: int) -> bytes:
    return seed("anything")[:size]


def test_an_identity_is_made_once_and_read_again(tmp_path: Path) -> None:
    made = identity.create(tmp_path, HOUSE, ROOT.public_hex, random_bytes=random_bytes)
    again = identity.load(tmp_path)
    assert again.public() == made.public()
    assert again.signer.kid == house_kid(HOUSE)
    assert again.root_public == ROOT.public_hex
    with pytest.raises(FileExistsError):
        identity.create(tmp_path, HOUSE, ROOT.public_hex, random_bytes=random_bytes)
    assert identity.load(tmp_path).public() == made.public()


def test_nobody_else_may_read_the_keys(tmp_path: Path) -> None:
    identity.create(tmp_path, HOUSE, ROOT.public_hex, random_bytes=random_bytes)
    file = tmp_path / identity.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(StopGranting) as refused:
        identity.load(tmp_path)
    assert refused.value.reason == "key_file_open_to_others"


def test_keys_do_not_show(tmp_path: Path) -> None:
    made = identity.create(tmp_path, HOUSE, ROOT.public_hex, random_bytes=random_bytes)
    assert seed("anything").hex() not in repr(made)
    assert str(seed("anything")) not in repr(made)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"house":"x"}', b"\xff\xfe"])
def test_a_garbled_identity_stops_lockd_without_telling_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / identity.FILE
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(StopGranting):
        identity.load(tmp_path)


def test_no_identity_stops_lockd(tmp_path: Path) -> None:
    with pytest.raises(StopGranting) as refused:
        identity.load(tmp_path)
    assert refused.value.reason == "key_file_unreadable"


def test_locks_are_kept_with_their_keys_and_never_show_them(tmp_path: Path) -> None:
    assert locks.load(tmp_path) == ()
    lock = KeptLock(
        lock=FRONT,
        driver="ttlock_ble",
        address="AA:BB:CC:DD:EE:FF",
        key=SecretStr(KEY),
        zone="Europe/Madrid",
    )
    locks.save(tmp_path, [lock])
    (kept,) = locks.load(tmp_path)
    assert kept.key.get_secret_value() == KEY
    assert "c0ffee" not in repr(kept)
    assert (tmp_path / locks.FILE).stat().st_mode & 0o777 == 0o600
    locks.save(tmp_path, [])
    assert locks.load(tmp_path) == ()


def _two_locks() -> list[KeptLock]:
    return [
        KeptLock(
            lock=LockId(uuid4()),
            driver="ttlock_ble",
            address=f"AA:BB:CC:DD:EE:0{number}",
            key=SecretStr(f"{KEY}{number}"),
            zone="Europe/Madrid",
        )
        for number in range(2)
    ]


def test_lock_keys_rest_encrypted_and_bound_to_their_lock(tmp_path: Path) -> None:
    two = _two_locks()
    locks.save(tmp_path, two)
    content = (tmp_path / locks.FILE).read_bytes()
    assert b"c0ffee" not in content
    assert (tmp_path / locks.KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [each.key for each in locks.load(tmp_path)] == [each.key for each in two]
    first, second = (each["key"] for each in json.loads(content))
    swapped = content.replace(first.encode(), b"?").replace(second.encode(), first.encode())
    (tmp_path / locks.FILE).write_bytes(swapped.replace(b"?", second.encode()))
    with pytest.raises(StopGranting, match="locks_garbled"):
        locks.load(tmp_path)


def test_locks_without_the_key_to_them_stop_lockd(tmp_path: Path) -> None:
    locks.save(tmp_path, _two_locks())
    (tmp_path / locks.KEY_FILE).unlink()
    with pytest.raises(StopGranting, match=r"locks\.key"):
        locks.load(tmp_path)
    (tmp_path / locks.KEY_FILE).touch(mode=0o600)
    (tmp_path / locks.KEY_FILE).write_bytes(b"x" * 32)
    with pytest.raises(StopGranting, match="locks_garbled"):
        locks.load(tmp_path)


def test_a_file_of_an_older_release_is_still_read(tmp_path: Path) -> None:
    (old,) = _two_locks()[:1]
    (tmp_path / locks.FILE).touch(mode=0o600)
    (tmp_path / locks.FILE).write_text(f"[{old.model_dump_json()}]")
    assert locks.load(tmp_path)[0].key == old.key


def test_garbled_locks_stop_lockd(tmp_path: Path) -> None:
    locks.save(tmp_path, [])
    (tmp_path / locks.FILE).write_text('[{"lock": 1}]')
    with pytest.raises(StopGranting) as refused:
        locks.load(tmp_path)
    assert refused.value.reason == "locks_garbled"


def test_the_keys_of_further_ways_rest_encrypted_too(tmp_path: Path) -> None:
    canary = SecretStr("canary-of-another-way")
    way = KeptWay(driver="cloud", address="9", key=canary)
    kept = KeptLock(lock=FRONT, driver="radio", address="aa", key=canary, zone="UTC", others=(way,))
    locks.save(tmp_path, [kept])
    assert "canary" not in (tmp_path / locks.FILE).read_text()
    assert locks.load(tmp_path) == (kept,)
