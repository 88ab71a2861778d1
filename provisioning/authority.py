"""How is the project's own certificate authority made, and how do servers get certificates of it?

    root/ca-root.key         signs intermediates and nothing else; leaves this folder never
    issuer/ca-root.pem       the root's certificate, which houses and the broker trust
    issuer/ca-issuer.key     the intermediate: certifies houses, the broker and couriers
    issuer/ca-issuer.pem     its certificate, signed by the root

The broker and each courier get `<name>.key` and `<name>.pem` (with the intermediate's) in a folder
of their own. Whoever holds the intermediate's key may open lines at the broker in any name; doors
do not open for that, because what houses obey is signed by other keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from protocol.certificates import Leaf, common_name, key_usage, leaf_builder
from provisioning.errors import UnreadableError, WouldOverwriteError
from provisioning.files import read, write_new

ROOT_KEY, ROOT = "ca-root.key", "ca-root.pem"
ISSUER_KEY, ISSUER = "ca-issuer.key", "ca-issuer.pem"

_ROOT_LIFETIME = timedelta(days=20 * 365)
_ISSUER_LIFETIME = timedelta(days=5 * 365)
_SERVICE_LIFETIME = timedelta(days=397)
_SLOW_CLOCKS = timedelta(hours=1)
_PUBLIC = 0o644

type NewKey = Callable[[], ec.EllipticCurvePrivateKey]
type NewSerial = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Service:
    """A process beside the broker that is no house. `hosts`: where others reach it; a server's."""

    name: str
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """A courier must not be called like a house: its name is its right at the broker."""
        if _is_uuid(self.name) or not self.name or set(self.name) & set("+#/$"):
            raise ValueError("a service's name is neither a house's id nor a topic pattern")


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def create(
    *, root_folder: Path, issuer_folder: Path, now: datetime, make_key: NewKey = new_key
) -> None:
    """Make the root and its first intermediate. Raises WouldOverwriteError."""
    for path in (root_folder / ROOT_KEY, issuer_folder / ROOT, issuer_folder / ISSUER_KEY):
        if path.exists():
            raise WouldOverwriteError(f"{path} is there already")
    key = make_key()
    certificate = _authority("Portero root", key, now, _ROOT_LIFETIME, path_length=1).sign(
        key, SHA256()
    )
    write_new(root_folder / ROOT_KEY, _pem_of(key))
    write_new(root_folder / ROOT, certificate.public_bytes(Encoding.PEM), mode=_PUBLIC)
    create_issuer(root_folder=root_folder, issuer_folder=issuer_folder, now=now, make_key=make_key)


def create_issuer(
    *, root_folder: Path, issuer_folder: Path, now: datetime, make_key: NewKey = new_key
) -> None:
    """An intermediate in a folder of its own, signed by the root. Raises WouldOverwriteError."""
    root_key, root = _read_key(root_folder / ROOT_KEY), _certificate(root_folder / ROOT)
    key = make_key()
    name = f"Portero houses {now:%Y-%m-%d}"
    certificate = (_authority(name, key, now, _ISSUER_LIFETIME, path_length=0, issuer=root)).sign(
        root_key, SHA256()
    )
    write_new(issuer_folder / ISSUER_KEY, _pem_of(key))
    write_new(issuer_folder / ISSUER, certificate.public_bytes(Encoding.PEM), mode=_PUBLIC)
    write_new(issuer_folder / ROOT, root.public_bytes(Encoding.PEM), mode=_PUBLIC)


def certify_service(
    service: Service,
    *,
    issuer_folder: Path,
    folder: Path,
    now: datetime,
    make_key: NewKey = new_key,
) -> datetime:
    """Key and chain of a broker (with hosts) or courier in `folder`; answers when it ends.

    Raises WouldOverwriteError, UnreadableError.
    """
    issuer = _certificate(issuer_folder / ISSUER)
    issuer_key, key = _read_key(issuer_folder / ISSUER_KEY), make_key()
    leaf = Leaf(
        subject=service.name,
        key=key.public_key(),
        names=_names(service),
        serves=bool(service.hosts),
        serial=x509.random_serial_number(),
        starts=now - _SLOW_CLOCKS,
        ends=now + _SERVICE_LIFETIME,
    )
    made = leaf_builder(leaf, issuer).sign(issuer_key, SHA256())
    chain = made.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM)
    write_new(folder / f"{service.name}.key", _pem_of(key))
    write_new(folder / f"{service.name}.pem", chain, mode=_PUBLIC)
    return made.not_valid_after_utc


def empty_list(*, issuer_folder: Path, now: datetime) -> bytes:
    """A list of refused certificates without any, PEM: what a new broker starts with."""
    issuer = _certificate(issuer_folder / ISSUER)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - _SLOW_CLOCKS)
        .next_update(now + timedelta(days=90))
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
    )
    signed = builder.sign(_read_key(issuer_folder / ISSUER_KEY), SHA256())
    return signed.public_bytes(Encoding.PEM)


def _authority(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lifetime: timedelta,
    *,
    path_length: int,
    issuer: x509.Certificate | None = None,
) -> x509.CertificateBuilder:
    above = key.public_key() if issuer is None else issuer.public_key()
    if not isinstance(above, ec.EllipticCurvePublicKey):
        raise UnreadableError("the root's key is not of our kind")
    return (
        x509.CertificateBuilder()
        .subject_name(common_name(name))
        .issuer_name(common_name(name) if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLOW_CLOCKS)
        .not_valid_after(now + lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(key_usage(signs_others=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    )


def _names(service: Service) -> list[x509.GeneralName]:
    return [_host(each) for each in service.hosts] or [x509.DNSName(service.name)]


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnreadableError(f"{path} is not a key file") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UnreadableError(f"{path} is not a key of our kind")
    return key


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read(path))
    except ValueError:
        raise UnreadableError(f"{path} is not a certificate") from None
