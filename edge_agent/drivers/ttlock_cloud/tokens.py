"""How are the vendor's tokens kept over a restart, where nobody else may read them?"""

import contextlib
import os
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_serializer

_ONLY_US = 0o600


class Tokens(BaseModel):
    """The pair that is in force. A secret as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    access: SecretStr = Field(min_length=1)
    refresh: SecretStr = Field(min_length=1)

    @field_serializer("access", "refresh", when_used="json")
    def _in_clear(self, token: SecretStr) -> str:
        return token.get_secret_value()


class TokenShelf(Protocol):
    """Where tokens are kept. Losing them costs one login."""

    def load(self) -> Tokens | None:
        """What was saved last; None when there is nothing, or nothing readable."""

    def save(self, tokens: Tokens) -> None:
        """Replace what is kept; what cannot be written is not kept."""


class MemoryShelf:
    """Keeps nothing over a restart."""

    def load(self) -> Tokens | None:
        """See TokenShelf."""
        return None

    def save(self, tokens: Tokens) -> None:
        """See TokenShelf."""


class FileShelf:
    """One file, 0600, replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Tokens | None:
        """See TokenShelf."""
        try:
            return Tokens.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None

    def save(self, tokens: Tokens) -> None:
        """See TokenShelf."""
        fresh = self._path.with_name(self._path.name + ".new")
        with contextlib.suppress(OSError):  # a full disk must not keep a door shut
            fresh.unlink(missing_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_US)
            with os.fdopen(handle, "w") as file:
                file.write(tokens.model_dump_json())
            fresh.replace(self._path)
