"""How is a folio kept so that charges - payments + refunds is always what is due?

Everything that writes a line holds the folio's row lock, so sums never miss one another's lines.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.money import Money
from cloud_api.payments.errors import CurrencyError, FolioNotFoundError
from cloud_api.payments.events import PaidInFull
from cloud_api.payments.ledger import repository
from cloud_api.payments.ledger.repository import MoneyLine
from cloud_api.payments.types import ChargeLine, Folio, Opening

__all__ = [
    "MoneyLine",
    "cancel_charges",
    "charge",
    "close",
    "deposit",
    "find",
    "get",
    "locked",
    "move_money",
    "open_folio",
    "reopen",
    "settle",
]


async def open_folio(session: Session, opening: Opening) -> Folio:
    """The subject's folio, opened when there is none; opening it again changes nothing."""
    await repository.open_folio(session, opening)
    opened = await repository.by_subject(session, opening.subject_id)
    if opened is None or opened.organisation_id != opening.organisation_id:
        raise FolioNotFoundError
    return opened


async def find(session: Session, subject_id: UUID) -> Folio | None:
    """The subject's folio."""
    return await repository.by_subject(session, subject_id)


async def lines(session: Session, folio: Folio) -> list[dict[str, Any]]:
    """Every line, in the order they were written."""
    return await repository.lines(session, folio)


async def get(session: Session, folio_id: UUID) -> Folio:
    """One folio, as it stands now; FolioNotFoundError."""
    found = await repository.by_id(session, folio_id)
    if found is None:
        raise FolioNotFoundError
    return found


async def locked(session: Session, folio_id: UUID) -> Folio:
    """One folio, kept from everybody else until the transaction ends; FolioNotFoundError."""
    await repository.lock(session, folio_id)
    return await get(session, folio_id)


async def charge(session: Session, folio: Folio, lines: Sequence[ChargeLine]) -> Folio:
    """Write what is owed; keys that are there already, and zeros, are left out. CurrencyError."""
    if any(line.amount.currency != folio.currency for line in lines):
        raise CurrencyError
    await repository.lock(session, folio.id)
    await repository.charge(session, folio, [line for line in lines if line.amount.minor])
    return await _after(session, folio)


async def cancel_charges(
    session: Session,
    folio: Folio,
    *,
    because: str,
    keys: Collection[str] | None,
) -> Folio:
    """Take charges back by lines of the opposite sign, each once."""
    await repository.lock(session, folio.id)
    await repository.cancel(session, folio, because=because, keys=keys)
    return await _after(session, folio)


async def deposit(session: Session, folio: Folio, amount: Money | None) -> Folio:
    """What has to be paid first from now on. CurrencyError."""
    if amount is not None and amount.currency != folio.currency:
        raise CurrencyError
    await repository.set_deposit(session, folio, None if amount is None else amount.minor)
    return await get(session, folio.id)


async def close(session: Session, folio: Folio, *, because: str) -> Folio:
    """Nothing can be begun on it any more."""
    await repository.lock(session, folio.id)
    await repository.close(session, folio, because=because)
    return await get(session, folio.id)


async def reopen(session: Session, folio: Folio) -> Folio:
    """It lives again."""
    await repository.lock(session, folio.id)
    await repository.reopen(session, folio)
    return await get(session, folio.id)


async def move_money(session: Session, folio: Folio, line: MoneyLine) -> Folio:
    """Write one movement; the caller holds the folio's lock."""
    await repository.move_money(session, folio, line)
    return await get(session, folio.id)


async def settle(session: Session, folio: Folio) -> None:
    """Tell once that nothing is due any more; the caller holds the folio's lock."""
    balance = folio.balance
    paid = balance.paid.minor - balance.refunded.minor
    if balance.due.minor > 0 or paid <= 0 or folio.paid_in_full_at is not None:
        return
    if folio.closed_at is None and await repository.mark_in_full(session, folio):
        await publish(session, _in_full(folio), organisation_id=folio.organisation_id)


def _in_full(folio: Folio) -> PaidInFull:
    return PaidInFull(
        organisation_id=folio.organisation_id,
        property_id=folio.property_id,
        subject_id=folio.subject_id,
        folio_id=folio.id,
        payment_id=None,
        client_id=folio.client_id,
        provider=None,
        currency=folio.currency,
        amount_minor=folio.balance.paid.minor,
        due_minor=folio.balance.due.minor,
    )


async def _after(session: Session, folio: Folio) -> Folio:
    now = await get(session, folio.id)
    await settle(session, now)
    return now
