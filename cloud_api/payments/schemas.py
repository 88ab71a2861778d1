"""What do folios and payments look like from outside?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from cloud_api.kit.money import Money
from cloud_api.kit.text import Line
from cloud_api.payments.models import PaymentSettingsRow
from cloud_api.payments.types import (
    Folio,
    LineKind,
    Part,
    Payment,
    PaymentState,
    PaymentWish,
    ProviderName,
    Refund,
    RefundState,
    Review,
)


def _positive(amount: Money) -> Money:
    if amount.minor <= 0:
        raise ValueError("must be more than nothing")
    return amount


type PositiveMoney = Annotated[Money, AfterValidator(_positive)]
type _Token = Annotated[SecretStr, Field(min_length=1, max_length=255)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BalanceOut(BaseModel):
    """How a folio stands; `due` = `charged` - `paid` + `refunded`."""

    model_config = ConfigDict(from_attributes=True)

    charged: Money
    paid: Money
    refunded: Money
    due: Money
    due_now: Money


class LineOut(BaseModel):
    """One line of a folio."""

    id: UUID
    kind: LineKind
    what: str
    label: str
    amount: Money
    payment_id: UUID | None
    refund_id: UUID | None
    reverses_id: UUID | None
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "LineOut":
        """What is seen of it."""
        shown = {name: row[name] for name in cls.model_fields if name != "amount"}
        return cls(**shown, amount=Money(row["amount_minor"], row["currency"]))


class PaymentOut(BaseModel):
    """One try to pay."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    property_id: UUID | None
    folio_id: UUID | None
    subject_id: UUID | None
    provider: ProviderName
    reference: str
    amount: Money
    refunded: Money
    state: PaymentState
    review: Review | None
    deadline_at: datetime | None
    provider_status: str
    trouble: str
    created_at: datetime
    paid_at: datetime | None
    pay_url: str | None


class RefundOut(BaseModel):
    """One wish to give back."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    payment_id: UUID
    amount: Money
    state: RefundState
    reason: str
    created_at: datetime


class FolioOut(BaseModel):
    """What one booking owes and has paid."""

    id: UUID
    property_id: UUID
    subject_id: UUID
    currency: str
    title: str
    client_id: UUID | None
    closed_at: datetime | None
    paid_in_full_at: datetime | None
    balance: BalanceOut
    lines: list[LineOut]
    payments: list[PaymentOut]
    refunds: list[RefundOut]

    @classmethod
    def of(
        cls,
        folio: Folio,
        lines: Sequence[Mapping[str, Any]],
        payments: Sequence[Payment],
        refunds: Sequence[Refund],
    ) -> "FolioOut":
        """What staff see of it."""
        return cls(
            id=folio.id,
            property_id=folio.property_id,
            subject_id=folio.subject_id,
            currency=folio.currency,
            title=folio.title,
            client_id=folio.client_id,
            closed_at=folio.closed_at,
            paid_in_full_at=folio.paid_in_full_at,
            balance=BalanceOut.model_validate(folio.balance),
            lines=[LineOut.of(each) for each in lines],
            payments=[PaymentOut.model_validate(each) for each in payments],
            refunds=[RefundOut.model_validate(each) for each in refunds],
        )


class PayIn(_In):
    """How a guest wants to pay. Card data never comes here: only a token of the provider's page."""

    provider: ProviderName
    part: Part = Part.DUE_NOW
    card_token: _Token | None = None
    card_method: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")] | None = None
    device_session: Annotated[str, Field(max_length=255)] | None = None
    value_code: _Token | None = None

    def wish(self, amount: Money | None = None) -> PaymentWish:
        """The same, as the service takes it."""
        return PaymentWish(
            provider=self.provider,
            amount=amount,
            part=self.part,
            card_token=_clear(self.card_token),
            card_method=self.card_method,
            device_session=self.device_session,
            value_code=_clear(self.value_code),
        )


class PaymentIn(PayIn):
    """How staff take money; `received`: it is in their hands already (`manual` only)."""

    amount: PositiveMoney | None = None
    received: bool = False

    def wish(self, amount: Money | None = None) -> PaymentWish:
        """The same, as the service takes it."""
        guests = super().wish(amount or self.amount)
        received = self.received and self.provider is ProviderName.MANUAL
        return PaymentWish(
            provider=guests.provider,
            amount=guests.amount,
            part=guests.part,
            card_token=guests.card_token,
            card_method=guests.card_method,
            device_session=guests.device_session,
            value_code=guests.value_code,
            received=received,
        )


class RefundIn(_In):
    """How much goes back, and why; without an amount all that is left."""

    amount: PositiveMoney | None = None
    reason: Line


class LinkIn(_In):
    """A link to pay what is due, or a fixed amount."""

    amount: PositiveMoney | None = None


class LinkOut(BaseModel):
    """The secret address to pay at."""

    token: str
    path: str


class PayStateOut(BaseModel):
    """What whoever holds the link may know: what is owed and how paying stands."""

    title: str
    due: Money
    due_now: Money
    providers: list[ProviderName]
    bank_details: str
    transfer_minutes: int
    state: str
    payment: "GuestPaymentOut | None"

    @classmethod
    def of(
        cls,
        folio: Folio,
        *,
        amount: Money | None,
        providers: list[ProviderName],
        settings: PaymentSettingsRow,
        transfer_minutes: int,
        payment: Payment | None,
    ) -> "PayStateOut":
        """What is seen of it; `transfer_minutes` is how long a voucher is waited for."""
        manual = ProviderName.MANUAL in providers
        return cls(
            title=folio.title,
            due=folio.balance.due,
            due_now=amount or folio.balance.due_now,
            providers=providers,
            bank_details=settings.bank_details if manual else "",
            transfer_minutes=transfer_minutes,
            state=_state(folio, payment),
            payment=None if payment is None else GuestPaymentOut.model_validate(payment),
        )


class GuestPaymentOut(BaseModel):
    """The latest try, as a guest sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    provider: ProviderName
    amount: Money
    state: PaymentState
    review: Review | None
    deadline_at: datetime | None
    pay_url: str | None


def _clear(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _state(folio: Folio, payment: Payment | None) -> str:
    """`paid`, `pending`, `rejected`, `cancelled` or `refunded`; `open` before the first try.

    Where nothing is due it is paid, whatever became of the latest try.
    """
    if payment is not None and payment.state is PaymentState.REFUNDED:
        return payment.state.value
    if folio.balance.due.minor <= 0:
        return "paid"
    if payment is None:
        return "open"
    waits = {PaymentState.PENDING, PaymentState.REJECTED, PaymentState.CANCELLED}
    return payment.state.value if payment.state in waits else "paid"
