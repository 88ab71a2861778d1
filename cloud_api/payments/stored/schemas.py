"""What do cards that hold value look like from outside?"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.kit.days import Moment
from cloud_api.kit.money import Money
from cloud_api.kit.text import Line, OptionalLine, Paragraph
from cloud_api.payments.models import ValueCardRow, ValueLineRow
from cloud_api.payments.schemas import PositiveMoney


class ValueCardIn(BaseModel):
    """A new card. Its currency never changes."""

    model_config = ConfigDict(extra="forbid")

    amount: PositiveMoney
    expires_at: Moment | None = None
    issuer: Line
    note: Paragraph = ""


class ValueCardPatch(BaseModel):
    """When a card ends; null: never."""

    model_config = ConfigDict(extra="forbid")

    expires_at: Moment | None


class ValueChangeIn(BaseModel):
    """So much more, or less, on a card, and why."""

    model_config = ConfigDict(extra="forbid")

    minor: Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
    reason: Line


class ValueCodeIn(BaseModel):
    """A card's code, in a body and not in an address: addresses are logged."""

    model_config = ConfigDict(extra="forbid")

    code: OptionalLine


class ValueCardOut(BaseModel):
    """A card. `code` is shown when it is issued and to who may refund; else its end only."""

    id: UUID
    code_end: str
    code: str | None
    available: Money
    expires_at: datetime | None
    issuer: str
    note: str
    created_at: datetime

    @classmethod
    def of(cls, row: ValueCardRow, *, code: str | None = None) -> "ValueCardOut":
        """What is seen of it."""
        return cls(
            id=row.id,
            code_end=row.code_end,
            code=code,
            available=Money(row.available_minor, row.currency),
            expires_at=row.expires_at,
            issuer=row.issuer,
            note=row.note,
            created_at=row.created_at,
        )


class ValueLineOut(BaseModel):
    """One movement on a card."""

    amount: Money
    what: str
    payment_id: UUID | None
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, row: ValueLineRow) -> "ValueLineOut":
        """What is seen of it."""
        return cls(
            amount=Money(row.amount_minor, row.currency),
            what=row.what,
            payment_id=row.payment_id,
            created_by=row.created_by,
            created_at=row.created_at,
        )
