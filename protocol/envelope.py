r"""How does a signed message look on the wire, and when is it refused?

One frame, one spelling: `PORTERO/<version> <kind> <kid> <signature, 128 hex>\n<exact bytes>`.
The pattern admits no second spelling of a header, so altering any byte makes a message invalid.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from protocol.base import Wire
from protocol.signing import Signer, is_signed_by, pre_authentication
from protocol.version import VERSION, Reading, reading

MAX_ENVELOPE_BYTES = 256 * 1024
"""No message of ours is larger; a larger one is not looked at."""

_HEADER_LIMIT = 400
_HEADER = re.compile(
    rb"PORTERO/([1-9][0-9]{0,3}) ([a-z_]{1,40}) ([a-z0-9][a-z0-9-]{0,39}) ([0-9a-f]{128})"
)


class Kind(StrEnum):
    """What a signed message is. The kind is part of what is signed."""

    KEY_DOCUMENT = "key_document"
    SNAPSHOT = "snapshot"
    SNAPSHOT_ACK = "snapshot_ack"
    STATUS = "status"
    CURRENT_QUERY = "current_query"
    CURRENT_ANSWER = "current_answer"
    NONCE_REQUEST = "nonce_request"
    NONCE_GRANT = "nonce_grant"
    COMMAND = "command"
    OUTCOME = "outcome"
    MUSIC_REQUEST = "music_request"
    MUSIC_ANSWER = "music_answer"
    FACTS = "facts"
    RECEIPT = "receipt"
    AGAIN = "again"
    DELEGATION = "delegation"
    CLAIM = "claim"
    CONFIGURATION = "configuration"
    LOOK = "look"


class Flaw(StrEnum):
    """Why an envelope was refused; stable words for counters and logs."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    WRONG_KIND = "wrong_kind"
    TOO_NEW = "too_new"
    TOO_OLD = "too_old"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    BAD_BODY = "bad_body"
    WRONG_HOUSE = "wrong_house"
    NOT_UNDERSTOOD = "not_understood"


class EnvelopeError(Exception):
    """The message is refused and nothing of it may be used; `flaw` says why."""

    def __init__(self, flaw: Flaw, message: str = "") -> None:
        super().__init__(f"{flaw.value}: {message}" if message else flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class Opened:
    """A body whose signature held, with who signed it and how it may be read."""

    kind: Kind
    kid: str
    version: int
    body: bytes

    @property
    def tolerant(self) -> bool:
        """The sender is one version ahead: unknown fields are skipped."""
        return reading(self.version) is Reading.TOLERANT


KeyFinder = Callable[[str], str | None]
"""kid → raw public key as hex, or None when that kid may not sign this."""


def seal(kind: Kind, body: bytes, signer: Signer, *, version: int = VERSION) -> bytes:
    """Sign exact bytes and frame them. ValueError when the result is over the size limit."""
    signature = signer.sign(pre_authentication(version, kind.value, signer.kid, body))
    frame = _header(version, kind.value, signer.kid, signature) + body
    if len(frame) > MAX_ENVELOPE_BYTES:
        raise ValueError(f"{kind} of {len(frame)} bytes is over {MAX_ENVELOPE_BYTES}")
    return frame


def open_envelope(frame: bytes, kind: Kind, find_key: KeyFinder) -> Opened:
    """Check everything that can be checked without knowing the body. Raises EnvelopeError."""
    version, found_kind, kid, signature, body = _split(frame)
    if found_kind != kind.value:
        raise EnvelopeError(Flaw.WRONG_KIND, f"expected {kind.value}")
    _refuse_distant_version(version)
    public_hex = find_key(kid)
    if public_hex is None:
        raise EnvelopeError(Flaw.UNKNOWN_KEY, kid)
    if not is_signed_by(public_hex, signature, pre_authentication(version, found_kind, kid, body)):
        raise EnvelopeError(Flaw.BAD_SIGNATURE)
    return Opened(kind, kid, version, body)


def read_body[Message: Wire](opened: Opened, message: type[Message]) -> Message:
    """Parse a verified body. Raises EnvelopeError(BAD_BODY) and never repeats its content."""
    try:
        return message.from_bytes(opened.body, tolerant=opened.tolerant)
    except (ValidationError, RecursionError) as error:
        raise EnvelopeError(Flaw.BAD_BODY, _where(error)) from None


def _split(frame: bytes) -> tuple[int, str, str, bytes, bytes]:
    if len(frame) > MAX_ENVELOPE_BYTES:
        raise EnvelopeError(Flaw.TOO_LARGE, f"{len(frame)} bytes")
    end = frame.find(b"\n", 0, _HEADER_LIMIT)
    match = _HEADER.fullmatch(frame, 0, end) if end > 0 else None
    if match is None:
        raise EnvelopeError(Flaw.MALFORMED)
    version, kind, kid, signature = (part.decode() for part in match.groups())
    return int(version), kind, kid, bytes.fromhex(signature), frame[end + 1 :]


def _header(version: int, kind: str, kid: str, signature: bytes) -> bytes:
    return f"PORTERO/{version} {kind} {kid} {signature.hex()}\n".encode()


def _refuse_distant_version(version: int) -> None:
    match reading(version):
        case Reading.TOO_NEW:
            raise EnvelopeError(Flaw.TOO_NEW, str(version))
        case Reading.TOO_OLD:
            raise EnvelopeError(Flaw.TOO_OLD, str(version))
        case Reading.EXACT | Reading.TOLERANT:
            return


def _where(error: ValidationError | RecursionError) -> str:
    """The places of the faults, without any value: bodies may hold private words."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    places = {".".join(str(part) for part in fault["loc"]) for fault in error.errors()[:5]}
    return ", ".join(sorted(places))[:200]
