"""E12, E17: whatever a stranger sends to be enrolled or certified, only declared errors come out."""

import base64
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_api.fleet.claims.rules import house_of
from cloud_api.fleet.claims.service import _proven
from cloud_api.fleet.errors import ClaimRefusedError
from protocol.certificates import RequestRefusedError, ask, key_hash, read_request
from protocol.ids import HouseId
from tests.cloud_api.fleet.house_on_the_wire import WireHouse

HOUSE = HouseId(UUID("0d9f2f5e-6c3a-4c57-8d1e-6d7f1c7a3b11"))
KEY = ec.generate_private_key(ec.SECP256R1())
GOOD = ask(HOUSE, KEY)
DER = base64.b64decode(b"".join(GOOD.splitlines()[1:-1]))
SIGNED = x509.load_pem_x509_csr(GOOD).tbs_certrequest_bytes
SIGNED_BEGINS = DER.index(SIGNED)
PROOF = WireHouse(HOUSE).seal_claim().encode()
TOKEN = f"claim.{HOUSE}.secret"


def pem(der: bytes) -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + body + b"-----END CERTIFICATE REQUEST-----\n"


def certified(request: bytes) -> bool:
    """True when it would be; an error other than the declared one fails the test."""
    try:
        read = read_request(request)
    except RequestRefusedError:
        return False
    assert read.house == HOUSE
    assert read.key_hash == key_hash(KEY.public_key())
    return True


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=5000))
def test_rubbish_is_refused(junk: bytes) -> None:
    assert not certified(junk)
    assert not certified(pem(junk))


@settings(max_examples=600, deadline=None)
@given(st.integers(0, len(SIGNED) * 8 - 1))
def test_no_flipped_bit_of_what_is_signed_is_certified(bit: int) -> None:
    changed = bytearray(DER)
    changed[SIGNED_BEGINS + bit // 8] ^= 1 << bit % 8
    assert not certified(pem(bytes(changed)))


@settings(max_examples=600, deadline=None)
@given(st.integers(0, len(DER)), st.binary(max_size=40), st.integers(0, len(DER)))
def test_no_splice_certifies_another_house_or_key(start: int, middle: bytes, end: int) -> None:
    """`certified` compares both; a bit that nobody reads may differ in the signature's frame."""
    spliced = DER[:start] + middle + DER[end:]
    if certified(pem(spliced)):
        assert SIGNED in spliced


def test_the_request_itself_is_good() -> None:
    """Guards the tests above: with nothing that passes they would prove nothing."""
    assert certified(GOOD)
    assert certified(pem(DER))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.binary(max_size=2000))
def test_no_rubbish_is_a_claim(token: str, proof: bytes) -> None:
    for each in (token, TOKEN):
        try:
            _proven(each, proof)
        except ClaimRefusedError:
            continue
        raise AssertionError("enrolled")


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(PROOF) * 8 - 1))
def test_no_changed_proof_enrols(bit: int) -> None:
    changed = bytearray(PROOF)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        _proven(TOKEN, bytes(changed))
    except ClaimRefusedError:
        return
    raise AssertionError("a changed proof enrolled")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120))
def test_a_token_names_a_house_or_none(token: str) -> None:
    found = house_of(token)
    assert found is None or str(found) in token
    assert house_of(TOKEN) == HOUSE


def test_the_proof_itself_enrols() -> None:
    assert _proven(TOKEN, PROOF).house == HOUSE
