"""Which words do payments have?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Money


class ProviderName(StrEnum):
    """Through whom money comes; `manual` and `stored_value` have nobody outside."""

    MERCADO_PAGO = "mercado_pago"
    OPENPAY = "openpay"
    FLOW = "flow"
    STRIPE = "stripe"
    MANUAL = "manual"
    STORED_VALUE = "stored_value"


class PaymentState(StrEnum):
    """Where a payment stands at its provider, in our words."""

    PENDING = "pending"
    PAID = "paid"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Account:
    """An organisation's account at a provider, opened for one errand; never logged, never shown.

    Which credentials there are is the provider's to say (`CREDENTIALS` of its module).
    """

    id: UUID
    organisation_id: UUID
    provider: ProviderName
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be paid. `reference` is ours, unique, and the same at every try.

    `return_url` is where the payer's browser comes back, `notify_url` where the provider tells us.
    `card_token` is set where the payer's browser made one; its card never passes through us.
    `card_method` is the vendor's word for the card's brand, where the vendor wants it said.
    """

    payment_id: UUID
    reference: str
    amount: Money
    description: str
    return_url: str = field(repr=False)
    notify_url: str = field(repr=False)
    payer_name: str = field(default="", repr=False)
    payer_email: str | None = field(default=None, repr=False)
    language: str = "en"
    expires_at: datetime | None = None
    card_token: str | None = field(default=None, repr=False)
    card_method: str | None = None
    device_session: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the provider says of one payment, read just now.

    `amount` is what it is for, `refunded` what went back of it. `pay_url` is where the payer has to
    go, while there is somewhere to go. `provider_status` is the vendor's own word, for people.
    `strange` says in one word why the adapter does not vouch for it (`collector`: the money went to
    somebody else); such a payment is never taken for paid.
    """

    reference: str
    provider_id: str
    state: PaymentState
    amount: Money
    refunded: Money
    provider_status: str = ""
    pay_url: str | None = field(default=None, repr=False)
    happened_at: datetime | None = None
    strange: str | None = None


@dataclass(frozen=True, slots=True)
class RefundWish:
    """What shall go back. `reference` is the refund's own, unique, and the same at every try."""

    reference: str
    payment: Seen
    amount: Money
    reason: str
    payer_email: str | None = field(default=None, repr=False)
    notify_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook exactly as it came. Header names are lower case."""

    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heed:
    """What a genuine notice is about. It carries no truth: the payment is read again.

    `event_id` makes duplicates known. Exactly one of `reference` and `provider_id` may be missing;
    both are, where the notice is about no payment (`ignored` then says what it is).
    """

    event_id: str
    reference: str | None = None
    provider_id: str | None = None
    ignored: str | None = None
    verification_code: str | None = field(default=None, repr=False)


class LineKind(StrEnum):
    """What a line of a folio is; its sign says which way."""

    CHARGE = "charge"
    PAYMENT = "payment"
    REFUND = "refund"


class Step(StrEnum):
    """What a worker has to do next with a payment."""

    BEGIN = "begin"
    LOOK = "look"
    REST = "rest"


class Review(StrEnum):
    """Where a transfer by hand stands; the others have none."""

    AWAITING_VOUCHER = "awaiting_voucher"
    VOUCHER_RECEIVED = "voucher_received"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


class RefundState(StrEnum):
    """Where a refund stands."""

    WANTED = "wanted"
    DONE = "done"
    FAILED = "failed"


class MatterKind(StrEnum):
    """Why money needs a person."""

    ORPHAN = "orphan"
    LATE = "late"
    MISMATCH = "mismatch"
    PAID_TWICE = "paid_twice"
    OVERPAID = "overpaid"
    DISPUTED = "disputed"
    REFUND_FAILED = "refund_failed"
    STUCK = "stuck"


class MatterState(StrEnum):
    """What became of money that needed a person."""

    OPEN = "open"
    ATTACHED = "attached"
    REFUNDED = "refunded"
    SETTLED = "settled"


class LateMoney(StrEnum):
    """What happens with money that comes for a booking that is no more."""

    ASK = "ask"
    REFUND = "refund"


class Part(StrEnum):
    """How much of what is owed a payer wants to pay."""

    DUE_NOW = "due_now"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Opening:
    """For what a folio is opened. `subject_id` is the reservation's; one folio a subject.

    `deposit` is what has to be paid first; without one all of it is due.
    """

    organisation_id: UUID
    property_id: UUID
    subject_id: UUID
    currency: str
    title: str
    client_id: UUID | None = None
    payer_name: str = field(default="", repr=False)
    payer_email: str | None = field(default=None, repr=False)
    language: str = "en"
    deposit: Money | None = None


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One thing that is owed, or taken off (negative).

    `key` is unique in its folio: saying it twice charges once. `what` is a word of the caller's
    (`night`, `cleaning`, `discount`).
    """

    key: str
    what: str
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Balance:
    """How a folio stands: `due` is charged - paid + refunded, negative where we owe."""

    charged: Money
    paid: Money
    refunded: Money
    due: Money
    due_now: Money


@dataclass(frozen=True, slots=True)
class Folio:
    """What one booking owes and has paid."""

    id: UUID
    organisation_id: UUID
    property_id: UUID
    subject_id: UUID
    currency: str
    title: str
    client_id: UUID | None
    payer_name: str = field(repr=False)
    payer_email: str | None = field(repr=False)
    language: str
    deposit_minor: int | None
    closed_at: datetime | None
    paid_in_full_at: datetime | None
    balance: Balance

    def money(self, minor: int) -> Money:
        """So much, in its currency."""
        return Money(minor, self.currency)


@dataclass(frozen=True, slots=True)
class PaymentWish:
    """How somebody wants to pay. Without an amount it is what is due now.

    `value_code` is a stored-value card's; `card_token` was made by a provider's page. `received`:
    staff have the money in hand already.
    """

    provider: ProviderName
    amount: Money | None = None
    part: Part = Part.DUE_NOW
    card_token: str | None = field(default=None, repr=False)
    card_method: str | None = None
    device_session: str | None = field(default=None, repr=False)
    value_code: str | None = field(default=None, repr=False)
    received: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """One try to pay, of which at most one charge comes. `pay_url` is where the payer goes."""

    id: UUID
    organisation_id: UUID
    property_id: UUID | None
    folio_id: UUID | None
    subject_id: UUID | None
    provider: ProviderName
    reference: str
    amount: Money
    refunded: Money
    state: PaymentState
    step: Step
    review: Review | None
    deadline_at: datetime | None
    provider_status: str
    trouble: str
    created_at: datetime
    paid_at: datetime | None
    pay_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refund:
    """One wish to give money back."""

    id: UUID
    payment_id: UUID
    amount: Money
    state: RefundState
    reason: str
    created_at: datetime
