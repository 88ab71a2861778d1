"""How are a late check-out and an early check-in offered and accepted?"""

from datetime import date, time
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.kit.money import Money
from cloud_api.pricing.types import HourKind, WhyNotHour


class HourOfferOut(BaseModel):
    """What it would cost; `why_not` where it cannot be had."""

    model_config = ConfigDict(from_attributes=True)

    kind: HourKind
    unit_id: UUID
    night: Annotated[date, Field(description="the night that is kept free for it")]
    full: Money
    cut: Money
    price: Money
    second_price: Money | None
    why_not: WhyNotHour | None


class HourIn(BaseModel):
    """Agreed: this hour, local to the house, for the price that was offered."""

    model_config = ConfigDict(extra="forbid")

    hour: Annotated[time, Field(examples=["16:00"])]
    price: Money
