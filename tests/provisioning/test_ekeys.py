"""A lock's key is taken only as the vendor hands it out, and never shown."""

import json
import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.drivers.ttlock_ble.key import read_key
from edge_agent.simulator.ttlock.model import Identity
from provisioning.ekeys import MAX_BYTES, read_ekey
from provisioning.errors import UnreadableError

RECORD = Identity.invent("C0:FF:EE:00:00:01", "Front door", secrets.token_bytes).key_material()


def test_what_the_vendor_hands_out_is_what_the_driver_reads(tmp_path: Path) -> None:
    path = tmp_path / "front.json"
    path.write_text(json.dumps(RECORD, indent=2))
    found = read_ekey(path)
    assert found.address == "C0:FF:EE:00:00:01"
    assert read_key(found.record).aesKeyStr == RECORD["aesKeyStr"]
    assert str(RECORD["aesKeyStr"]) not in repr(found)


@pytest.mark.parametrize("field", ["lockMac", "aesKeyStr", "unlockKey", "lockVersion"])
def test_a_record_without_what_matters_is_refused_without_showing_it(
    tmp_path: Path, field: str
) -> None:
    path = tmp_path / "front.json"
    values: tuple[object, ...] = (None, "", "\x00", 5, [], "zz" * 16)
    for value in values:
        path.write_text(json.dumps({**RECORD, field: value}))
        if field == "unlockKey" and value == 5:
            continue  # a number is a number
        with pytest.raises(UnreadableError) as refused:
            read_ekey(path)
        assert str(RECORD["aesKeyStr"]) not in str(refused.value)


def test_a_huge_file_is_not_read_through(tmp_path: Path) -> None:
    path = tmp_path / "front.json"
    path.write_bytes(b"[" * (MAX_BYTES + 1))
    with pytest.raises(UnreadableError, match="too large"):
        read_ekey(path)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000) | st.just(b"[" * 15_000))
def test_rubbish_is_refused(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.json"
    path.write_bytes(junk)
    with pytest.raises(UnreadableError):
        read_ekey(path)
