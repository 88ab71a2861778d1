"""The authority is made once, its keys are its owner's, and its name for a house is no courier's."""

import asyncio
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import override
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)
from cryptography.x509.verification import PolicyBuilder, Store

from cloud_api.fleet.authority import IssuingAuthority, read_authority
from cloud_api.fleet.errors import AuthorityUnavailableError
from protocol.certificates import LIFETIME, ask, read_request
from protocol.ids import HouseId
from provisioning import authority
from provisioning.authority import Service
from provisioning.errors import UnreadableError, WouldOverwriteError

NOW = datetime(2026, 11, 21, tzinfo=UTC)
HOUSE = HouseId(uuid4())


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    root, issuer = tmp_path / "ca-root", tmp_path / "ca"
    authority.create(root_folder=root, issuer_folder=issuer, now=NOW)
    return root, issuer


def certificates(chain: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(chain)


def issue(by: IssuingAuthority, now: datetime = NOW) -> bytes:
    request = read_request(ask(HOUSE, ec.generate_private_key(ec.SECP256R1())))
    return asyncio.run(by.issue(request, now=now)).chain


def test_the_roots_key_is_in_no_other_folder_and_keys_are_their_owners(
    folders: tuple[Path, Path],
) -> None:
    root, issuer = folders
    assert sorted(each.name for each in issuer.iterdir()) == [
        "ca-issuer.key",
        "ca-issuer.pem",
        "ca-root.pem",
    ]
    for key in (root / "ca-root.key", issuer / "ca-issuer.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_nothing_is_made_twice(folders: tuple[Path, Path], tmp_path: Path) -> None:
    before = {each: each.read_bytes() for folder in folders for each in folder.iterdir()}
    for root, issuer in (folders, (folders[0], tmp_path / "new"), (tmp_path / "r", folders[1])):
        with pytest.raises(WouldOverwriteError):
            authority.create(root_folder=root, issuer_folder=issuer, now=NOW)
    assert {each: each.read_bytes() for each in before} == before


def test_another_intermediate_comes_under_the_same_root(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    fresh = tmp_path / "ca-2"
    authority.create_issuer(root_folder=folders[0], issuer_folder=fresh, now=NOW)
    assert read_authority(fresh).root == read_authority(folders[1]).root
    assert read_authority(fresh).issuer != read_authority(folders[1]).issuer


def test_a_broker_is_believed_under_its_hosts_alone(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    service = Service("broker", ("broker.example", "192.0.2.4"))
    authority.certify_service(
        service, issuer_folder=folders[1], folder=tmp_path / "broker", now=NOW
    )
    leaf, issuer = certificates((tmp_path / "broker/broker.pem").read_bytes())
    root = x509.load_pem_x509_certificate((folders[1] / "ca-root.pem").read_bytes())
    policy = PolicyBuilder().store(Store([root])).time(NOW)
    policy.build_server_verifier(x509.DNSName("broker.example")).verify(leaf, [issuer])
    with pytest.raises(x509.verification.VerificationError):
        policy.build_server_verifier(x509.DNSName("other.example")).verify(leaf, [issuer])
    with pytest.raises(x509.verification.VerificationError):
        policy.build_client_verifier().verify(leaf, [issuer])


def test_a_house_is_believed_as_a_client_and_never_as_the_broker(
    folders: tuple[Path, Path],
) -> None:
    leaf, issuer = certificates(issue(read_authority(folders[1])))
    root = x509.load_pem_x509_certificate((folders[1] / "ca-root.pem").read_bytes())
    policy = PolicyBuilder().store(Store([root])).time(NOW)
    assert policy.build_client_verifier().verify(leaf, [issuer]).chain
    with pytest.raises(x509.verification.VerificationError):
        policy.build_server_verifier(x509.DNSName(str(HOUSE))).verify(leaf, [issuer])


def test_nothing_outlives_the_intermediate(folders: tuple[Path, Path]) -> None:
    by = read_authority(folders[1])
    late = by.issuer.not_valid_after_utc - timedelta(days=1)
    leaf, _ = certificates(issue(by, late))
    assert leaf.not_valid_after_utc == by.issuer.not_valid_after_utc
    leaf, _ = certificates(issue(by))
    assert leaf.not_valid_after_utc == NOW + LIFETIME


_ID = "0d9f2f5e-6c3a-4c57-8d1e-6d7f1c7a3b11"


@pytest.mark.parametrize("name", [_ID, _ID.upper(), "", "+", "a/b", "#"])
def test_no_courier_is_called_like_a_house_or_a_pattern(name: str) -> None:
    with pytest.raises(ValueError, match="neither a house's id nor a topic pattern"):
        Service(name)


def test_a_key_that_others_may_read_is_not_used(folders: tuple[Path, Path]) -> None:
    (folders[1] / "ca-issuer.key").chmod(0o640)
    with pytest.raises(AuthorityUnavailableError, match="others may read"):
        read_authority(folders[1])


def test_a_folder_that_is_no_authority_is_said_without_showing_it(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(AuthorityUnavailableError, match="cannot be read"):
        read_authority(tmp_path / "nowhere")
    other = tmp_path / "other"
    authority.create(root_folder=tmp_path / "r", issuer_folder=other, now=NOW)
    (other / "ca-issuer.pem").write_bytes((folders[1] / "ca-issuer.pem").read_bytes())
    with pytest.raises(AuthorityUnavailableError, match="holds no certificate authority"):
        read_authority(other)
    (folders[1] / "ca-issuer.key").write_text("-----BEGIN PRIVATE KEY-----\ncanary\n")
    with pytest.raises(AuthorityUnavailableError) as refused:
        read_authority(folders[1])
    assert "canary" not in str(refused.value)
    with pytest.raises(UnreadableError, match="is not a key file"):
        authority.certify_service(
            Service("courier-1"), issuer_folder=folders[1], folder=tmp_path / "c", now=NOW
        )


class FarKey(ec.EllipticCurvePrivateKey):
    """What an HSM or KMS gives: signatures, and never the key."""

    def __init__(self, inside: ec.EllipticCurvePrivateKey) -> None:
        self._sign = inside.sign
        self._public = inside.public_key()
        self.asked = 0

    @override
    def sign(
        self,
        data: bytes | bytearray | memoryview,
        signature_algorithm: ec.EllipticCurveSignatureAlgorithm,
    ) -> bytes:
        self.asked += 1
        return self._sign(data, signature_algorithm)

    @override
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    @override
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    @override
    def key_size(self) -> int:
        return self._public.key_size

    @override
    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        raise NotImplementedError

    @override
    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        raise NotImplementedError("this key does not leave its machine")

    @override
    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,
        encryption_algorithm: KeySerializationEncryption,
    ) -> bytes:
        raise NotImplementedError("this key does not leave its machine")

    @override
    def __copy__(self) -> "FarKey":
        return self

    @override
    def __deepcopy__(self, memo: dict[object, object]) -> "FarKey":
        return self


def test_the_key_may_live_in_a_machine_that_never_shows_it(folders: tuple[Path, Path]) -> None:
    near = read_authority(folders[1])
    far = FarKey(near.key)
    by = IssuingAuthority(far, near.issuer, near.root_certificate)
    leaf, issuer = certificates(issue(by))
    leaf.verify_directly_issued_by(issuer)
    refusals = x509.load_pem_x509_crl(asyncio.run(by.refusals([], now=NOW)))
    assert list(refusals) == []
    assert far.asked == 2
