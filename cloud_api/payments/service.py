"""What do the rooms above ask of payments? A folio a booking, what it owes, and who paid."""

from collections.abc import Collection, Sequence
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.payments.types import (
    Balance,
    ChargeLine,
    Folio,
    Opening,
    Payment,
    PaymentWish,
    Refund,
)


async def open_folio(session: Session, opening: Opening) -> Folio:
    """The folio of this subject, opened when there is none; opening it again changes nothing."""
    raise NotImplementedError


async def folio(session: Session, subject_id: UUID) -> Folio | None:
    """The folio of this subject, with its balance."""
    raise NotImplementedError


async def balance(session: Session, subject_id: UUID) -> Balance:
    """How it stands. Raises FolioNotFoundError."""
    raise NotImplementedError


async def charge(session: Session, folio: Folio, lines: Sequence[ChargeLine]) -> Folio:
    """Write what is owed; lines whose keys are there already are left out. Raises CurrencyError."""
    raise NotImplementedError


async def cancel_charges(
    session: Session, folio: Folio, *, because: str, keys: Collection[str] | None = None
) -> Folio:
    """Take charges back by lines of the opposite sign: all, or those of these keys; each once."""
    raise NotImplementedError


async def close_folio(session: Session, folio: Folio, *, because: str) -> Folio:
    """The booking is no more: nothing can be begun; money that still comes needs a person."""
    raise NotImplementedError


async def reopen_folio(session: Session, folio: Folio) -> Folio:
    """The booking lives again; late money is its own."""
    raise NotImplementedError


async def payment_link(
    session: Session, folio: Folio, tools: Tools, *, amount: Money | None = None
) -> str:
    """The secret token of a link to pay (`/pay/{token}`): what is due, or this amount."""
    raise NotImplementedError


async def begin_payment(
    session: Session, folio: Folio, wish: PaymentWish, tools: Tools, *, by: str
) -> Payment:
    """Begin to pay; the provider is asked later, by a worker. `by` is who wants it, on record.

    Raises NothingDueError, AmountError, CurrencyError, ProviderNotHereError, TokenUsedError,
    CardNotFoundError, CardValueError.
    """
    raise NotImplementedError


async def refund(
    session: Session, payment_id: UUID, amount: Money | None, *, reason: str, tools: Tools, by: str
) -> Refund:
    """Give back so much of one payment, or what is left of it; the provider is told later.

    Raises PaymentNotFoundError, NotRefundableError, AmountError, CurrencyError.
    """
    raise NotImplementedError


async def give_back(
    session: Session, folio: Folio, amount: Money, *, reason: str, tools: Tools, by: str
) -> tuple[Refund, ...]:
    """Give back so much of what was paid on this folio, newest payments first.

    Raises NotRefundableError when less was paid, CurrencyError.
    """
    raise NotImplementedError
