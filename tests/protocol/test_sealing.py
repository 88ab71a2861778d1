"""A sealed box opens for one key in one place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.sealing import SealedHex, SealError, SealingKey, seal_for

KEY = SealingKey.from_bytes(bytes(range(32)))
OTHER = SealingKey.from_bytes(bytes(range(1, 33)))
SEED = bytes(range(2, 34))


@given(st.binary(max_size=500), st.text(max_size=100))
def test_what_was_sealed_opens_in_its_context(plain: bytes, context: str) -> None:
    box = seal_for(KEY.public_hex, plain, context=context, ephemeral_seed=SEED)
    assert KEY.open(box, context=context) == plain


def test_another_house_lock_or_key_cannot_open() -> None:
    box = seal_for(KEY.public_hex, b"4711", context="a|b|c", ephemeral_seed=SEED)
    for key, context in ((OTHER, "a|b|c"), (KEY, "a|b|d"), (KEY, "")):
        with pytest.raises(SealError):
            key.open(box, context=context)


def test_every_altered_bit_is_refused() -> None:
    box = bytes.fromhex(seal_for(KEY.public_hex, b"4711", context="x", ephemeral_seed=SEED))
    # The top bit of an X25519 point is masked by RFC 7748, yet the key derivation covers it.
    for place in range(len(box)):
        for bit in range(8):
            altered = bytearray(box)
            altered[place] ^= 1 << bit
            with pytest.raises(SealError):
                KEY.open(altered.hex(), context="x")


@pytest.mark.parametrize("junk", ["", "00", "zz", "00" * 32, "00" * 48])
def test_junk_is_a_seal_error(junk: str) -> None:
    with pytest.raises(SealError):
        KEY.open(junk, context="x")


def test_the_plain_word_is_not_in_the_box() -> None:
    box: SealedHex = seal_for(KEY.public_hex, b"camila", context="x", ephemeral_seed=SEED)
    assert b"camila".hex() not in box
    assert repr(KEY) == "SealingKey(****)"
