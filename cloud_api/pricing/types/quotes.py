"""What was asked, and what was answered?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.discounts.types import ClientFacts, Discounting, Membership
from cloud_api.pricing.types.terms import (
    Advice,
    ExchangeRate,
    HourKind,
    LineKind,
    NightBasis,
    Season,
    Service,
    Settings,
    UnitTerms,
    WhyNotHour,
)

NO_DISCOUNT = Discounting(applied=None, considered=())


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants a price for: units of one property, together.

    `service_ids` are optional services beside the mandatory ones; `code` a discount code.
    """

    unit_ids: tuple[UUID, ...]
    check_in: date
    check_out: date
    guests: int
    service_ids: tuple[UUID, ...] = ()
    code: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a quote's amounts follow from: the same inputs give the same quote, byte for byte.

    `people` are how many guests sleep in each of `units`; `taken` the nights somebody has around
    special dates; `decimals` the currencies' minor digits on that day.
    """

    organisation_id: UUID
    property_id: UUID
    made_at: datetime
    expires_at: datetime
    today: date
    wish: Wish
    settings: Settings
    currency: Currency
    units: tuple[UnitTerms, ...]
    people: tuple[int, ...]
    seasons: tuple[Season, ...] = ()
    services: tuple[Service, ...] = ()
    rates: tuple[ExchangeRate, ...] = ()
    decimals: Mapping[str, int] = field(default_factory=dict)
    taken: Mapping[UUID, frozenset[date]] = field(default_factory=dict)
    client: ClientFacts | None = None
    heated_pool: bool = False
    discounting: Discounting = NO_DISCOUNT


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `amount` in the quote's currency, `second` in its second one if it has one.

    Both columns sum exactly to the quote's totals. `each` x `quantity` = `amount` where nothing
    was rounded between.
    """

    kind: LineKind
    name: str
    quantity: int
    each: int
    amount: int
    unit_id: UUID | None = None
    night: date | None = None
    basis: NightBasis | None = None
    second: int | None = None


@dataclass(frozen=True, slots=True)
class IncludedCharge:
    """A tax or fee that the prices hold already; says how much of the total it is."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums, in minor units of one currency.

    base + extra_persons = subtotal; - discount = stay; + services = with_services;
    + charges + rounding = total; deposit + balance = total. All but `rounding` are >= 0.
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


@dataclass(frozen=True, slots=True)
class Quote:
    """A price as a value: itemised, in the property's currency and its second one."""

    property_id: UUID
    unit_ids: tuple[UUID, ...]
    check_in: date
    check_out: date
    nights: int
    guests: int
    language: str
    currency: Currency
    totals: Totals
    lines: tuple[Line, ...]
    included: tuple[IncludedCharge, ...]
    second_currency: Currency | None
    second_totals: Totals | None
    rate: ExchangeRate | None
    discounting: Discounting
    advice: tuple[Advice, ...]
    made_at: datetime
    expires_at: datetime

    @property
    def total(self) -> Money:
        """What the stay costs in all."""
        return Money(self.totals.total, self.currency)

    @property
    def deposit(self) -> Money:
        """What is paid to confirm."""
        return Money(self.totals.deposit, self.currency)

    @property
    def balance(self) -> Money:
        """What is paid later."""
        return Money(self.totals.balance, self.currency)

    @property
    def membership(self) -> Membership:
        """How much of a regular the guest is."""
        return self.discounting.membership


@dataclass(frozen=True, slots=True)
class SignedQuote:
    """A quote that was stored and signed; `token` is how its holder names it."""

    id: UUID
    organisation_id: UUID
    token: str = field(repr=False)
    quote: Quote


@dataclass(frozen=True, slots=True)
class MinimumStay:
    """A special date near the stay wants more nights, or wants to be among them."""

    name: str
    night: date
    minimum_nights: int


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """One unit's price for a search: mandatory services and charges in, discounts out.

    With `minimum_stay` or `no_rate` it is not for sale like this, and the amounts are zero.
    """

    unit_id: UUID
    nights: int
    stay: Money
    total: Money
    second_total: Money | None = None
    minimum_stay: MinimumStay | None = None
    no_rate: bool = False


@dataclass(frozen=True, slots=True)
class HourPrice:
    """What a late check-out or early check-in costs: its night's price less the weekday's cut.

    Where `why_not` is told it cannot be had, and the amounts are zero.
    """

    kind: HourKind
    unit_id: UUID
    night: date
    guests: int
    full: Money
    cut: Money
    price: Money
    second_price: Money | None = None
    percent: Decimal | None = None
    why_not: WhyNotHour | None = None


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """Whoever cancels at least `days_before` arrival gets `refund_percent` back."""

    id: UUID
    name: str
    days_before: int
    refund_percent: Decimal
    default: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class RefundShare:
    """How much of what was paid goes back, and by which policy; None: by none, so nothing."""

    percent: Decimal
    policy: CancellationPolicy | None

    def of(self, paid: Money) -> Money:
        """So much of what was paid; halves go to the even neighbour."""
        exact = Decimal(paid.minor) * self.percent / 100
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), paid.currency)
