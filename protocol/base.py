"""What does every message on the wire have in common?"""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A point in time, aware, normalised to UTC."""

Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest as 64 lower-case hex characters."""

KeyHex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A raw 32-byte Ed25519 or X25519 public key as hex."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A name or a short reason."""


class Wire(BaseModel):
    """A frozen message; unknown fields are refused unless the sender is one version ahead."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64")

    def to_bytes(self) -> bytes:
        """Exact JSON bytes, ready to be signed; never re-serialise what was signed."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, data: bytes, *, tolerant: bool = False) -> Self:
        """Parse; `tolerant` skips unknown fields. Raises pydantic.ValidationError."""
        return cls.model_validate_json(data, extra="ignore" if tolerant else "forbid")
