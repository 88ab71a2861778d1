"""How does the cloud certify houses with the intermediate key, wherever that key lives?

The folder is made by the ceremony: `ca-issuer.key` (PEM, its owner's only), `ca-issuer.pem` (the
intermediate's certificate), `ca-root.pem` (the root's). An HSM or KMS needs no other authority:
its key is an `EllipticCurvePrivateKey` whose `sign` asks the machine.
"""

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from cloud_api.fleet.errors import AuthorityUnavailableError
from cloud_api.fleet.ports import Issued, Refused
from protocol.certificates import LIFETIME, CertificateRequest, Leaf, house_uri, leaf_builder

ISSUER_KEY, ISSUER, ROOT = "ca-issuer.key", "ca-issuer.pem", "ca-root.pem"

_SLOW_CLOCKS = timedelta(hours=1)
_LIST_LIFETIME = timedelta(days=90)  # a broker with a list that ended lets nobody in
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class IssuingAuthority:
    """A `fleet.ports.Authority` on any key that can sign."""

    key: ec.EllipticCurvePrivateKey
    issuer: x509.Certificate
    root_certificate: x509.Certificate
    new_serial: Callable[[], int] = x509.random_serial_number

    @property
    def root(self) -> bytes:
        """The root's certificate, PEM."""
        return self.root_certificate.public_bytes(Encoding.PEM)

    async def issue(self, request: CertificateRequest, *, now: datetime) -> Issued:
        """A certificate of 60 days for this house and key."""
        leaf = Leaf(
            subject=str(request.house),
            key=request.key,
            names=[house_uri(request.house)],
            serves=False,
            serial=self.new_serial(),
            starts=now - _SLOW_CLOCKS,
            ends=now + LIFETIME,
        )
        made = leaf_builder(leaf, self.issuer).sign(self.key, SHA256())
        chain = made.public_bytes(Encoding.PEM) + self.issuer.public_bytes(Encoding.PEM)
        return Issued(
            f"{made.serial_number:x}", chain, made.not_valid_before_utc, made.not_valid_after_utc
        )

    async def refusals(self, refused: Sequence[Refused], *, now: datetime) -> bytes:
        """A list that holds for 90 days; its number grows with time."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.issuer.subject)
            .last_update(now - _SLOW_CLOCKS)
            .next_update(now + _LIST_LIFETIME)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
            .add_extension(_issuer_id(self.issuer), critical=False)
        )
        for each in refused:
            entry = x509.RevokedCertificateBuilder(int(each.serial, 16), each.at)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM)


def read_authority(folder: Path) -> IssuingAuthority:
    """The authority of a folder. Raises AuthorityUnavailableError, also when others may read it."""
    try:
        open_to_others = (folder / ISSUER_KEY).stat().st_mode & _OTHERS
        key = load_pem_private_key((folder / ISSUER_KEY).read_bytes(), password=None)
        issuer = x509.load_pem_x509_certificate((folder / ISSUER).read_bytes())
        root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
        issuer.verify_directly_issued_by(root)
    except OSError as error:
        raise AuthorityUnavailableError(f"{folder} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        raise AuthorityUnavailableError(f"{folder} holds no certificate authority") from None
    if open_to_others:
        raise AuthorityUnavailableError(f"others may read {ISSUER_KEY}; chmod 600")
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != issuer.public_key():
        raise AuthorityUnavailableError(f"{ISSUER_KEY} is not the key of {ISSUER}")
    return IssuingAuthority(key, issuer, root)


def _issuer_id(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    subject = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject)
