"""An envelope is accepted exactly as it was signed, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.envelope import (
    MAX_ENVELOPE_BYTES,
    EnvelopeError,
    Flaw,
    Kind,
    open_envelope,
    read_body,
    seal,
)
from protocol.house import Snapshot
from protocol.signing import Signer
from protocol.version import VERSION

SIGNER = Signer.from_seed("cloud-1", bytes(range(32)))
STRANGER = Signer.from_seed("cloud-1", bytes(range(1, 33)))


def find_key(kid: str) -> str | None:
    return SIGNER.public_hex if kid == SIGNER.kid else None


def flaw_of(frame: bytes, kind: Kind = Kind.SNAPSHOT) -> Flaw:
    with pytest.raises(EnvelopeError) as caught:
        open_envelope(frame, kind, find_key)
    return caught.value.flaw


@given(st.binary(max_size=2000), st.sampled_from(list(Kind)))
def test_what_was_sealed_opens_byte_for_byte(body: bytes, kind: Kind) -> None:
    opened = open_envelope(seal(kind, body, SIGNER), kind, find_key)
    assert (opened.body, opened.kid, opened.kind) == (body, "cloud-1", kind)


def test_every_altered_bit_is_refused(snapshot: Snapshot) -> None:
    frame = seal(Kind.SNAPSHOT, snapshot.to_bytes(), SIGNER)
    for place in range(len(frame)):
        for bit in range(8):
            altered = bytearray(frame)
            altered[place] ^= 1 << bit
            assert flaw_of(bytes(altered)) in Flaw


def test_every_truncation_and_extension_is_refused(snapshot: Snapshot) -> None:
    frame = seal(Kind.SNAPSHOT, snapshot.to_bytes(), SIGNER)
    for length in range(len(frame)):
        flaw_of(frame[:length])
    assert flaw_of(frame + b" ") is Flaw.BAD_SIGNATURE


@given(st.binary(max_size=3000))
def test_random_bytes_raise_only_the_declared_error(noise: bytes) -> None:
    assert flaw_of(noise) is Flaw.MALFORMED


def test_a_body_signed_as_another_kind_is_refused() -> None:
    frame = seal(Kind.COMMAND, b"{}", SIGNER)
    assert flaw_of(frame) is Flaw.WRONG_KIND
    assert flaw_of(frame.replace(b" command ", b" snapshot ", 1)) is Flaw.BAD_SIGNATURE


def test_a_stranger_under_a_known_name_is_refused() -> None:
    assert flaw_of(seal(Kind.SNAPSHOT, b"{}", STRANGER)) is Flaw.BAD_SIGNATURE


def test_an_unknown_kid_is_refused() -> None:
    other = Signer.from_seed("cloud-2", bytes(range(32)))
    assert flaw_of(seal(Kind.SNAPSHOT, b"{}", other)) is Flaw.UNKNOWN_KEY


def test_two_versions_ahead_is_refused_one_is_read() -> None:
    assert flaw_of(seal(Kind.SNAPSHOT, b"{}", SIGNER, version=VERSION + 2)) is Flaw.TOO_NEW
    ahead = seal(Kind.SNAPSHOT, b"{}", SIGNER, version=VERSION + 1)
    assert open_envelope(ahead, Kind.SNAPSHOT, find_key).tolerant


def test_a_newer_clouds_unknown_fields_are_skipped_but_ours_are_refused(
    snapshot: Snapshot,
) -> None:
    body = snapshot.to_bytes()[:-1] + b',"colour":"blue"}'
    newer = open_envelope(
        seal(Kind.SNAPSHOT, body, SIGNER, version=VERSION + 1), Kind.SNAPSHOT, find_key
    )
    assert read_body(newer, Snapshot) == snapshot
    same = open_envelope(seal(Kind.SNAPSHOT, body, SIGNER), Kind.SNAPSHOT, find_key)
    with pytest.raises(EnvelopeError) as caught:
        read_body(same, Snapshot)
    assert caught.value.flaw is Flaw.BAD_BODY


def test_a_bad_body_never_shows_its_values() -> None:
    opened = open_envelope(
        seal(Kind.SNAPSHOT, b'{"house":"canary-483920"}', SIGNER), Kind.SNAPSHOT, find_key
    )
    with pytest.raises(EnvelopeError) as caught:
        read_body(opened, Snapshot)
    assert "483920" not in str(caught.value)


def test_deep_nesting_is_an_ordinary_refusal() -> None:
    opened = open_envelope(seal(Kind.SNAPSHOT, b"[" * 100_000, SIGNER), Kind.SNAPSHOT, find_key)
    with pytest.raises(EnvelopeError) as caught:
        read_body(opened, Snapshot)
    assert caught.value.flaw is Flaw.BAD_BODY


def test_nothing_over_the_limit_is_sealed_or_read() -> None:
    with pytest.raises(ValueError, match="over"):
        seal(Kind.SNAPSHOT, b"x" * MAX_ENVELOPE_BYTES, SIGNER)
    assert flaw_of(b"P" * (MAX_ENVELOPE_BYTES + 1)) is Flaw.TOO_LARGE


def test_a_signer_shows_its_name_only() -> None:
    assert repr(SIGNER) == "Signer(cloud-1)"
