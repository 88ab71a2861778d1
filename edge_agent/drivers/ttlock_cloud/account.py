"""How is the owner's account at the vendor kept and read, so that it never shows anywhere?"""

from hashlib import sha256
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from edge_agent.errors import NotPermitted

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})

type Word = Annotated[str, Field(min_length=1, max_length=200)]


class AccountKey(BaseModel):
    """The record of one account. A secret as a whole.

    `username` and `password_md5` (lowercase hex) are those of the vendor's phone app, not of the
    developer's page. `base`: euapi outside China.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base: Word = "https://euapi.ttlock.com"
    client_id: Word = Field(repr=False)
    client_secret: SecretStr
    username: Word = Field(repr=False)
    password_md5: SecretStr = Field(min_length=32, max_length=32)

    @model_validator(mode="after")
    def _private_wire(self) -> Self:
        parts = urlsplit(self.base)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            raise ValueError("the vendor is spoken to over https")
        return self

    @property
    def fingerprint(self) -> str:
        """Which account this is; tells nothing of it."""
        password = self.password_md5.get_secret_value()
        words = f"{self.base}\n{self.client_id}\n{self.username}\n{password}"
        return sha256(words.encode()).hexdigest()


def read_key(material: SecretStr) -> AccountKey:
    """The account from its stored JSON; NotPermitted if unreadable."""
    try:
        return AccountKey.model_validate_json(material.get_secret_value())
    except ValidationError:
        raise NotPermitted("key_unreadable") from None  # its text might show the key
