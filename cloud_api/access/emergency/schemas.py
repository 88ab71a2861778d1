"""How is the emergency way spoken of over HTTP?"""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.access.emergency.rules import FIRST_USE, words
from cloud_api.access.emergency.types import OfflineCode, Period


class VendorLockIn(BaseModel):
    """What a lock is called at the vendor."""

    model_config = ConfigDict(extra="forbid")

    house_id: UUID
    vendor_lock: Annotated[int, Field(ge=1, le=2**53)]


class EmergencyIn(BaseModel):
    """Which door, and the words `OFFLINE CODE`: it cannot be taken back."""

    model_config = ConfigDict(extra="forbid")

    lock_id: UUID
    confirm: Annotated[str, Field(max_length=100)]


class GuestEmergencyOut(BaseModel):
    """An offline code as its guest sees it, with what must be known of it."""

    lock_id: UUID
    emergency_code: str
    valid_from: datetime
    valid_until: datetime
    first_use_before: datetime
    words: list[str]

    @classmethod
    def of(cls, code: OfflineCode, *, language: str) -> Self:
        """In one language."""
        period = Period(code.starts, code.ends)
        return cls(
            lock_id=code.lock_id,
            emergency_code=code.digits,
            valid_from=code.starts,
            valid_until=code.ends,
            first_use_before=min(code.starts + FIRST_USE, code.ends),
            words=words(period, zone=code.zone, language=language),
        )


class EmergencyOut(BaseModel):
    """An offline code as the host gets it; `words` in English and Spanish."""

    grant_id: UUID
    lock_id: UUID
    emergency_code: str
    valid_from: datetime
    valid_until: datetime
    first_use_before: datetime
    can_be_revoked: bool
    words: dict[str, list[str]]

    @classmethod
    def of(cls, code: OfflineCode) -> Self:
        """With what must be said when it is handed on."""
        period = Period(code.starts, code.ends)
        return cls(
            grant_id=code.grant_id,
            lock_id=code.lock_id,
            emergency_code=code.digits,
            valid_from=code.starts,
            valid_until=code.ends,
            first_use_before=min(code.starts + FIRST_USE, code.ends),
            can_be_revoked=False,
            words={each: words(period, zone=code.zone, language=each) for each in ("en", "es")},
        )


class EmergencyNote(BaseModel):
    """What the audit remembers of it; never the digits."""

    lock_id: UUID
    valid_from: datetime
    valid_until: datetime
