"""How does a device keep its key and certificate for the line to the broker, and keep it fresh?

    line/device.key          made here, never leaves, the agent's only
    line/device.pem          its certificate and the intermediate's
    line/authority.pem       the root that the broker's certificate must come from; pinned

A renewal keeps the key: the request is signed by it, which is all the proof there is, and key and
certificate fit at every moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict

from protocol.certificates import RENEW_AFTER, ask
from protocol.ids import HouseId
from provisioning import cloud
from provisioning.errors import ClaimRefusedError, RenewalRefusedError, UnreadableError
from provisioning.files import read, replace, write_new

KEY, CERTIFICATE, AUTHORITY = "device.key", "device.pem", "authority.pem"

_SPREAD = timedelta(days=5)
"""Houses that were certified on one day renew over five."""

type NewKey = Callable[[], ec.EllipticCurvePrivateKey]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    certificate: str
    authority: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate as it lies here. `due`: when it wants renewing."""

    house: str
    ends: datetime
    due: datetime


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def request(folder: Path, house: HouseId, *, make_key: NewKey = new_key) -> bytes:
    """A certificate request, PEM. The key is made, and on disk, before anybody hears of it."""
    if not (folder / KEY).exists():
        plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_new(folder / KEY, make_key().private_bytes(*plain))
    return ask(house, _key(folder))


def keep(folder: Path, house: HouseId, *, chain: bytes, root: bytes) -> datetime:
    """Check and keep what the cloud sent; answers when it ends. The first root is pinned.

    Raises ClaimRefusedError when it is not for our key and house, or not from the pinned root.
    """
    pinned = (folder / AUTHORITY).read_bytes() if (folder / AUTHORITY).exists() else root
    leaf = _checked(chain, pinned, house, _key(folder).public_key())
    replace(folder / AUTHORITY, pinned, mode=0o644)
    replace(folder / CERTIFICATE, chain, mode=0o644)
    return leaf.not_valid_after_utc


def standing(folder: Path) -> Standing:
    """Whose certificate lies here, and until when. Raises UnreadableError."""
    leaf = _leaf(folder)
    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    # Drawn from the certificate itself, so that every look gives the same day.
    drawn = int.from_bytes(sha256(leaf.signature).digest()[:4]) / 2**32
    due = leaf.not_valid_before_utc + RENEW_AFTER + drawn * _SPREAD
    return Standing(str(names[0].value), leaf.not_valid_after_utc, due)


def renew(cloud_url: str, folder: Path, house: HouseId) -> datetime:
    """A fresh certificate for the key that is here; answers when it ends.

    Raises RenewalRefusedError, CloudUnreachableError; what was there stays until it is replaced.
    """
    body = {"certificate_request": ask(house, _key(folder)).decode()}
    try:
        answer = cloud.post(cloud_url, "certificates/renewals", body, _Answer)
        chain, root = answer.certificate.encode(), answer.authority.encode()
        return keep(folder, house, chain=chain, root=root)
    except ClaimRefusedError as error:
        raise RenewalRefusedError(str(error)) from None


def refused_in(refusals: bytes) -> frozenset[int]:
    """Serial numbers in a list of refused certificates, PEM. UnreadableError when it is none."""
    try:
        return frozenset(each.serial_number for each in x509.load_pem_x509_crl(refusals))
    except ValueError:
        raise UnreadableError("this is no list of refused certificates") from None


def wipe(folder: Path) -> None:
    """Forget key, certificate and authority, before this device is claimed anew."""
    for name in (CERTIFICATE, AUTHORITY, KEY):
        (folder / name).unlink(missing_ok=True)


def _checked(
    chain: bytes, root: bytes, house: HouseId, key: ec.EllipticCurvePublicKey
) -> x509.Certificate:
    try:
        leaf, issuer = x509.load_pem_x509_certificates(chain)
        above = x509.load_pem_x509_certificate(root)
        leaf.verify_directly_issued_by(issuer)
        issuer.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        raise ClaimRefusedError("the certificate does not come from the pinned root") from None
    names = [each.value for each in leaf.subject]
    if names != [str(house)] or leaf.public_key() != key:
        raise ClaimRefusedError("the certificate is not for this house and key")
    return leaf


def _leaf(folder: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read(folder / CERTIFICATE))
    except ValueError:
        raise UnreadableError(f"{folder / CERTIFICATE} is not a certificate") from None


def _key(folder: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(read(folder / KEY), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnreadableError(f"{folder / KEY} is not a key file") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UnreadableError(f"{folder / KEY} is not a key of our kind")
    return key
