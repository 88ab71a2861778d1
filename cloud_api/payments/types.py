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
    device_session: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the provider says of one payment, read just now.

    `amount` is what it is for, `refunded` what went back of it. `pay_url` is where the payer has to
    go, while there is somewhere to go. `provider_status` is the vendor's own word, for people.
    """

    reference: str
    provider_id: str
    state: PaymentState
    amount: Money
    refunded: Money
    provider_status: str = ""
    pay_url: str | None = field(default=None, repr=False)
    happened_at: datetime | None = None


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
