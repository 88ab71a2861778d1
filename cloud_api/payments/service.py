"""What do the rooms above ask of payments? A folio a booking, what it owes, and who paid.

A use case here writes in the caller's transaction and tells nobody outside; workers do that
afterwards. `tools` is what every reaction gets; endpoints make it of their clock and vault.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.payments.attempts import service as attempts
from cloud_api.payments.errors import FolioNotFoundError
from cloud_api.payments.ledger import repository as ledger_repository
from cloud_api.payments.ledger import service as ledger
from cloud_api.payments.links import service as links
from cloud_api.payments.matters import service as matters
from cloud_api.payments.refunds import service as refunds
from cloud_api.payments.schemas import LineOut
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
    return await ledger.open_folio(session, opening)


async def folio(session: Session, subject_id: UUID) -> Folio | None:
    """The folio of this subject, with its balance."""
    return await ledger.find(session, subject_id)


async def lines(session: Session, folio: Folio) -> list[LineOut]:
    """What was charged, paid and given back, in the order it was written."""
    return [LineOut.of(row) for row in await ledger.lines(session, folio)]


async def balance(session: Session, subject_id: UUID) -> Balance:
    """How it stands. Raises FolioNotFoundError."""
    found = await ledger.find(session, subject_id)
    if found is None:
        raise FolioNotFoundError
    return found.balance


async def charge(session: Session, folio: Folio, lines: Sequence[ChargeLine]) -> Folio:
    """Write what is owed; lines whose keys are there already are left out. Raises CurrencyError."""
    return await ledger.charge(session, folio, lines)


async def cancel_charges(
    session: Session, folio: Folio, *, because: str, keys: Collection[str] | None = None
) -> Folio:
    """Take charges back by lines of the opposite sign: all, or those of these keys; each once."""
    return await ledger.cancel_charges(session, folio, because=because, keys=keys)


async def set_deposit(session: Session, folio: Folio, amount: Money | None) -> Folio:
    """What has to be paid first from now on; None: all of it. Raises CurrencyError."""
    return await ledger.deposit(session, folio, amount)


async def close_folio(session: Session, folio: Folio, *, because: str) -> Folio:
    """The booking is no more: nothing can be begun; money that still comes needs a person."""
    return await ledger.close(session, folio, because=because)


async def reopen_folio(session: Session, folio: Folio) -> Folio:
    """The booking lives again; late money is its own."""
    opened = await ledger.reopen(session, folio)
    await matters.late_money_is_wanted(session, folio.id)
    await ledger.settle(session, opened)
    return await ledger.get(session, folio.id)


async def payment_link(
    session: Session, folio: Folio, tools: Tools, *, amount: Money | None = None
) -> str:
    """The secret token of a link to pay (`/api/v1/pay/{token}`): what is due, or this amount.

    Always the same token for the same amount. Raises AmountError.
    """
    return await links.token(session, folio, tools.vault, amount=amount)


async def begin_payment(
    session: Session, folio: Folio, wish: PaymentWish, tools: Tools, *, by: str
) -> Payment:
    """Begin to pay; the provider is asked later, by a worker. `by` is who wants it, on record.

    Raises NothingDueError, AmountError, CurrencyError, ProviderNotHereError, TokenUsedError,
    CardNotFoundError, CardValueError.
    """
    return await attempts.begin(session, folio, wish, tools, by=by)


async def refund(
    session: Session, payment_id: UUID, amount: Money | None, *, reason: str, tools: Tools, by: str
) -> Refund:
    """Give back so much of one payment, or what is left of it; the provider is told later.

    Raises PaymentNotFoundError, NotRefundableError, AmountError, CurrencyError.
    """
    return await refunds.want(session, payment_id, amount, reason=reason, clock=tools.clock, by=by)


async def give_back(
    session: Session, folio: Folio, amount: Money, *, reason: str, tools: Tools, by: str
) -> tuple[Refund, ...]:
    """Give back so much of what was paid on this folio, newest payments first.

    Raises NotRefundableError when less was paid, CurrencyError.
    """
    return await refunds.give_back(session, folio, amount, reason=reason, clock=tools.clock, by=by)


async def forget_payer(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """A person's name and address leave their folios; the money stays on record without them."""
    await ledger_repository.forget_payer(session, organisation_id, client_id)
