"""Whose key is it that speaks for the house's name? Made here, and it never leaves.

Only the request for a certificate (a CSR) goes out, and only a certificate for this key and name is
taken in. Both lie in one folder: `request.json` and `issued.pem`.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict

LEFT_BEFORE_RENEWAL: Final = 3
"""A new certificate is asked for when a third of the present one's life is left."""

_MOST_BYTES: Final = 64 * 1024


class NotTaken(Exception):  # noqa: N818 - a refusal, grouped by its reader
    """A certificate that is not used; the reason is a stable word."""


class Wanted(BaseModel):
    """What an issuer needs to know: the name, the request as PEM, and until when the old holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    csr: str
    expires: datetime | None = None


class Issuer(Protocol):
    """Who gets a publicly trusted certificate for a name, by showing that the name is ours."""

    async def issue(self, wanted: Wanted) -> bytes | None:
        """The chain as PEM, leaf first; None: not yet, ask again. OSError when out of reach."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate in use."""

    name: str
    starts: datetime
    expires: datetime

    def is_due(self, now: datetime) -> bool:
        """Time to ask for the next."""
        return self.expires - now <= (self.expires - self.starts) / LEFT_BEFORE_RENEWAL

    def is_over(self, now: datetime) -> bool:
        """No browser takes it any more."""
        return now >= self.expires


class NameKeys:
    """The key, the request and the certificate of one name in one folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._key = folder / "key.pem"
        self._chain = folder / "certificate.pem"
        self._csr = folder / "request.pem"

    def request(self) -> str:
        """The CSR as PEM, the same at every call; the key is made at the first, for us alone."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = _read(self._csr)
        if made is None:
            made = self._made()
            _written(self._csr, made)
        return made.decode()

    def held(self) -> Held | None:
        """The certificate kept, if it is still one for this key and name."""
        try:
            return self._judged(self._chain.read_bytes())
        except (OSError, NotTaken):
            return None

    def take(self, chain: bytes, *, now: datetime) -> Held:
        """Keep what came. NotTaken: `not_a_certificate other_key other_name ended`."""
        held = self._judged(chain)
        if held.is_over(now):
            raise NotTaken("ended")
        _written(self._chain, chain)
        return held

    def load_into(self, context: ssl.SSLContext) -> None:
        """New connections speak with this certificate. OSError when it cannot be read."""
        context.load_cert_chain(self._chain, self._key)

    def _private(self) -> ec.EllipticCurvePrivateKey:
        try:
            kept = serialization.load_pem_private_key(self._key.read_bytes(), password=None)
        except FileNotFoundError:
            kept = ec.generate_private_key(ec.SECP256R1())
            pem = kept.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            _written(self._key, pem)
        if not isinstance(kept, ec.EllipticCurvePrivateKey):
            raise OSError("key.pem is no key of ours")
        return kept

    def _made(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._name)])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(self._name)]), critical=False
        )
        signed = builder.sign(self._private(), hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def _judged(self, chain: bytes) -> Held:
        try:
            leaf = x509.load_pem_x509_certificates(chain[:_MOST_BYTES])[0]
            said = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (ValueError, x509.ExtensionNotFound):
            raise NotTaken("not_a_certificate") from None
        if leaf.public_key() != self._private().public_key():
            raise NotTaken("other_key")
        if self._name not in said.value.get_values_for_type(x509.DNSName):
            raise NotTaken("other_name")
        return Held(self._name, leaf.not_valid_before_utc, leaf.not_valid_after_utc)


@dataclass(frozen=True, slots=True)
class HandOver:
    """An issuer by two files: ours says what is wanted, theirs is what was issued.

    Whoever carries them (`request.json` out, `issued.pem` in) is outside the house's software.
    """

    folder: Path

    async def issue(self, wanted: Wanted) -> bytes | None:
        """What lies there; the request is written whenever it is not what is wanted now."""
        asked = self.folder / "request.json"
        told = wanted.model_dump_json(indent=2).encode()
        if _read(asked) != told:
            _written(asked, told)
        return _read(self.folder / "issued.pem")


def _read(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES)
    except FileNotFoundError:
        return None


def _written(file: Path, content: bytes) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600, exist_ok=False)
    new.write_bytes(content)
    new.replace(file)
