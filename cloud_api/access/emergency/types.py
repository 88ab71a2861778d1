"""What is a lock vendor's account, a code of its making, and what stands for it with us?"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer, field_validator

_MD5 = re.compile(r"[0-9a-f]{32}")

type Word = Annotated[str, Field(min_length=1, max_length=200)]

CONFIRMATION = "OFFLINE CODE"
"""What a person types who knows what such a code is."""


class Region(StrEnum):
    """Where the vendor keeps the account; asking elsewhere is refused."""

    EU = "eu"
    CN = "cn"


class VendorAccount(BaseModel):
    """One owner's account at the vendor. A secret as a whole; rests encrypted.

    `username` and `password_md5` (lowercase hex) are those of the vendor's phone app.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    region: Region = Region.EU
    client_id: Word = Field(repr=False)
    client_secret: SecretStr = Field(min_length=1, max_length=200)
    username: Word = Field(repr=False)
    password_md5: SecretStr

    @field_validator("password_md5")
    @classmethod
    def _is_a_digest(cls, given: SecretStr) -> SecretStr:
        if not _MD5.fullmatch(given.get_secret_value()):
            raise ValueError("give the password's MD5 as 32 lowercase hexadecimal digits")
        return given

    @field_serializer("client_secret", "password_md5", when_used="json")
    def _in_clear(self, secret: SecretStr) -> str:
        return secret.get_secret_value()


@dataclass(frozen=True, slots=True)
class Period:
    """Whole hours of the house, as UTC; half-open."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Generated:
    """What the vendor handed out."""

    digits: str
    vendor_code: int

    def __repr__(self) -> str:
        """Never the digits."""
        return f"Generated({self.vendor_code})"


@dataclass(frozen=True, slots=True)
class Question:
    """All that is needed to ask the vendor, read before it is asked."""

    grant_id: UUID
    lock_id: UUID
    vendor_lock: int
    account: VendorAccount
    period: Period
    zone: str


@dataclass(frozen=True, slots=True)
class OfflineCode:
    """A code in clear, for its guest or for staff who may see it. Instants in UTC."""

    grant_id: UUID
    lock_id: UUID
    digits: str
    starts: datetime
    ends: datetime
    zone: str

    def __repr__(self) -> str:
        """Never the digits."""
        return f"OfflineCode(grant={self.grant_id}, lock={self.lock_id})"
