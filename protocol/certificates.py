"""How does a house look in a certificate, and what may it ask to be certified?

The common name is the house's id, which the broker takes for user name and client id; the only
alternative name is `urn:uuid:<house>`. A request is a PKCS #10 in PEM, and nothing but its key is
ever copied from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from protocol.ids import HouseId

LIFETIME = timedelta(days=60)
RENEW_AFTER = timedelta(days=20)
GRACE = timedelta(days=30)
"""How long after its end a certificate may still be renewed: longer than any lease."""
MAX_REQUEST_BYTES = 4096

_CURVES = (ec.SECP256R1, ec.SECP384R1)
_READING = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class RequestFlaw(StrEnum):
    """Why a request is refused; stable, for machines."""

    MALFORMED = "malformed"
    SIGNATURE = "signature"
    WEAK_KEY = "weak_key"
    COMMON_NAME = "common_name"
    ALTERNATIVE_NAME = "alternative_name"
    AUTHORITY = "authority"
    EXTENSION = "extension"


class RequestRefusedError(ValueError):
    """A certificate request is not what a house may ask."""

    def __init__(self, flaw: RequestFlaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A request that was read and found good."""

    house: HouseId
    key: ec.EllipticCurvePublicKey

    @property
    def key_hash(self) -> str:
        """SHA-256 of the public key, hex: which device this is."""
        return key_hash(self.key)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate that signs no others says, but for issuer and signature."""

    subject: str
    key: ec.EllipticCurvePublicKey
    names: Sequence[x509.GeneralName]
    serves: bool
    serial: int
    starts: datetime
    ends: datetime


def house_uri(house: HouseId) -> x509.UniformResourceIdentifier:
    """The alternative name of a house."""
    return x509.UniformResourceIdentifier(f"urn:uuid:{house}")


def common_name(name: str) -> x509.Name:
    """A subject of one attribute."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def key_hash(key: ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of a public key, hex."""
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(encoded).hexdigest()


def ask(house: HouseId, key: ec.EllipticCurvePrivateKey) -> bytes:
    """A house's request, PEM, signed by the key it asks for."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(common_name(str(house)))
        .add_extension(x509.SubjectAlternativeName([house_uri(house)]), critical=False)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )


def read_request(pem: bytes) -> CertificateRequest:
    """The house that asks, and its key. Raises RequestRefusedError and nothing else."""
    if len(pem) > MAX_REQUEST_BYTES:
        raise RequestRefusedError(RequestFlaw.MALFORMED)
    try:
        request = x509.load_pem_x509_csr(pem)
        key, signed = request.public_key(), request.is_signature_valid
        names, extensions = list(request.subject), list(request.extensions)
    except _READING:
        raise RequestRefusedError(RequestFlaw.MALFORMED) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
        raise RequestRefusedError(RequestFlaw.WEAK_KEY)
    if not signed:
        raise RequestRefusedError(RequestFlaw.SIGNATURE)
    house = _house_named(names)
    _check_extensions(extensions, house)
    return CertificateRequest(house, key)


def leaf_builder(leaf: Leaf, issuer: x509.Certificate) -> x509.CertificateBuilder:
    """All but the signature. `serves`: a server's certificate; otherwise a client's."""
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if leaf.serves else ExtendedKeyUsageOID.CLIENT_AUTH
    issuer_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder()
        .subject_name(common_name(leaf.subject))
        .issuer_name(issuer.subject)
        .public_key(leaf.key)
        .serial_number(leaf.serial)
        .not_valid_before(leaf.starts)
        .not_valid_after(min(leaf.ends, issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_others=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(leaf.names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(leaf.key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id),
            critical=False,
        )
    )


def key_usage(*, signs_others: bool) -> x509.KeyUsage:
    """Either signs certificates and lists of refused ones, or shakes hands; never both."""
    return x509.KeyUsage(
        digital_signature=not signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        encipher_only=False,
        decipher_only=False,
    )


def _house_named(names: list[x509.NameAttribute[str | bytes]]) -> HouseId:
    named = names[0].value if len(names) == 1 else None
    if not isinstance(named, str) or names[0].oid != NameOID.COMMON_NAME:
        raise RequestRefusedError(RequestFlaw.COMMON_NAME)
    try:
        house = HouseId(UUID(named))
    except ValueError:
        raise RequestRefusedError(RequestFlaw.COMMON_NAME) from None
    if str(house) != named:
        raise RequestRefusedError(RequestFlaw.COMMON_NAME)
    return house


def _check_extensions(
    extensions: "list[x509.Extension[x509.ExtensionType]]", house: HouseId
) -> None:
    values = [each.value for each in extensions]
    if any(_wants_to_sign_others(each) for each in values):
        raise RequestRefusedError(RequestFlaw.AUTHORITY)
    named = [each for each in values if isinstance(each, x509.SubjectAlternativeName)]
    if [list(each) for each in named] != [[house_uri(house)]]:
        raise RequestRefusedError(RequestFlaw.ALTERNATIVE_NAME)
    allowed = (x509.SubjectAlternativeName, x509.BasicConstraints, x509.KeyUsage)
    if not all(isinstance(each, allowed) for each in values):
        raise RequestRefusedError(RequestFlaw.EXTENSION)


def _wants_to_sign_others(value: x509.ExtensionType) -> bool:
    if isinstance(value, x509.BasicConstraints):
        return value.ca
    return isinstance(value, x509.KeyUsage) and (value.key_cert_sign or value.crl_sign)
