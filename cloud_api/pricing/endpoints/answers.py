"""What does a price look like from outside?"""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.kit.money import Money
from cloud_api.pricing.discounts.types import DiscountKind, Membership, Reason
from cloud_api.pricing.schemas import Exact
from cloud_api.pricing.types import (
    Advice,
    HourKind,
    HourPrice,
    LineKind,
    NightBasis,
    SignedQuote,
    UnitPrice,
    WhyNotHour,
)


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LineOut(_Out):
    """One line; `amount` in the quote's currency, `second` in its second one. Both columns sum."""

    kind: LineKind
    name: str
    quantity: int
    each: int
    amount: int
    second: int | None
    unit_id: UUID | None
    night: date | None
    basis: NightBasis | None


class IncludedOut(_Out):
    """A tax or fee that the prices hold already."""

    name: str
    amount: int


class TotalsOut(_Out):
    """Sums of one column of lines.

    base + extra_persons = subtotal; - discount = stay; + services = with_services;
    + charges + rounding = total; deposit + balance = total.
    """

    base: int
    extra_persons: int
    subtotal: int
    discount: int
    stay: int
    services: int
    with_services: int
    charges: int
    rounding: int
    total: int
    deposit: int
    balance: int


class RateOut(_Out):
    """One whole unit of `base` is worth `value` of `quote`."""

    base: str
    quote: str
    value: Exact
    valid_from: datetime


class ConsideredOut(_Out):
    """A discount that was looked at, and what became of it."""

    kind: DiscountKind
    name: str
    amount: Money
    reason: Reason


class QuoteOut(_Out):
    """A price as a value. Whoever holds `token` can read it again, and book by it."""

    id: UUID
    token: str
    made_at: datetime
    expires_at: datetime
    property_id: UUID
    unit_ids: list[UUID]
    check_in: date
    check_out: date
    nights: int
    guests: int
    language: str
    currency: str
    second_currency: str | None
    rate: RateOut | None
    lines: list[LineOut]
    included: Annotated[list[IncludedOut], Field(description="parts of the prices, not on top")]
    totals: TotalsOut
    second_totals: TotalsOut | None
    total: Money
    deposit: Money
    balance: Money
    discounts: list[ConsideredOut]
    membership: Membership
    advice: list[Advice]

    @classmethod
    def of(cls, signed: SignedQuote) -> Self:
        """As its holder sees it."""
        quote = signed.quote
        told = {name: getattr(quote, name) for name in cls.model_fields if hasattr(quote, name)}
        discounts = [ConsideredOut.model_validate(each) for each in quote.discounting.considered]
        return cls.model_validate(
            {**told, "id": signed.id, "token": signed.token, "discounts": discounts}
        )


class MinimumOut(_Out):
    """A special date near the stay that is still free."""

    name: str
    night: date
    minimum_nights: int


class UnitPriceOut(_Out):
    """One unit's price alone: mandatory services and charges in, discounts out.

    Null amounts: it is not for sale like this, as `minimum_stay` or `no_rate` says.
    """

    unit_id: UUID
    unit_name: str
    nights: int
    stay: Money | None
    total: Money | None
    second_total: Money | None
    minimum_stay: MinimumOut | None
    no_rate: bool

    @classmethod
    def of(cls, price: UnitPrice, name: str) -> Self:
        """As everybody sees it."""
        sold = price.minimum_stay is None and not price.no_rate
        return cls(
            unit_id=price.unit_id,
            unit_name=name,
            nights=price.nights,
            stay=price.stay if sold else None,
            total=price.total if sold else None,
            second_total=price.second_total,
            minimum_stay=price.minimum_stay and MinimumOut.model_validate(price.minimum_stay),
            no_rate=price.no_rate,
        )


class PricesOut(BaseModel):
    """Every unit asked about, in the order of names and numbers."""

    check_in: date
    check_out: date
    guests: int
    units: list[UnitPriceOut]


class HourPriceOut(_Out):
    """A late check-out or early check-in. Null amounts: it cannot be had, as `why_not` says."""

    kind: HourKind
    unit_id: UUID
    night: Annotated[date, Field(description="the night that is sold for it")]
    guests: int
    available: bool
    why_not: WhyNotHour | None
    full: Money | None
    cut: Money | None
    percent: Exact | None
    price: Money | None
    second_price: Money | None

    @classmethod
    def of(cls, price: HourPrice) -> Self:
        """As everybody sees it."""
        had = price.why_not is None
        return cls(
            kind=price.kind,
            unit_id=price.unit_id,
            night=price.night,
            guests=price.guests,
            available=had,
            why_not=price.why_not,
            full=price.full if had else None,
            cut=price.cut if had else None,
            percent=price.percent if had else None,
            price=price.price if had else None,
            second_price=price.second_price,
        )


class RefundOut(BaseModel):
    """What goes back to whoever cancels so many days before arrival."""

    days_before: int
    percent: Exact
    policy: str | None
