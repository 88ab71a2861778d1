"""What is a gift card worth, and how is it spent, once, never below nothing?"""

import secrets
import string
from datetime import datetime
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.ids import Choose, new_id
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.payments.errors import AmountError, CardNotFoundError, CardValueError, CurrencyError
from cloud_api.payments.models import PaymentRow, RefundRow, ValueCardRow, ValueLineRow
from cloud_api.payments.rules import value_usable
from cloud_api.payments.stored import repository
from cloud_api.payments.stored.schemas import ValueCardIn

CODE_LENGTH = 12
CODE_LETTERS = string.ascii_uppercase + string.digits
_CONTEXT = "payments|value card"


async def issue(
    session: Session,
    scope: Scope,
    vault: Vault,
    wanted: ValueCardIn,
    *,
    choose: Choose = secrets.choice,
) -> tuple[ValueCardRow, str]:
    """A new card and its code of 12 letters A-Z0-9."""
    code = await _free_code(session, vault, choose)
    card_id = new_id()
    row = ValueCardRow(
        id=card_id,
        organisation_id=scope.organisation_id,
        code_fingerprint=_fingerprint(vault, code),
        code=vault.lock(code, context=f"{_CONTEXT}|{card_id}"),
        code_end=code[-4:],
        currency=wanted.amount.currency,
        available_minor=0,
        expires_at=wanted.expires_at,
        issuer=wanted.issuer,
        note=wanted.note,
    )
    session.add(row)
    await session.flush()
    minor = wanted.amount.minor
    await repository.move(session, card_id, minor, what="issued", by=scope.principal)
    return await get(session, scope, card_id), code


async def get(session: Session, scope: Scope, card_id: UUID, *, lock: bool = False) -> ValueCardRow:
    """One of the caller's cards. CardNotFoundError."""
    row = await repository.find(session, scope, card_id, lock=lock)
    if row is None:
        raise CardNotFoundError
    return row


async def by_code(session: Session, scope: Scope, vault: Vault, code: str) -> ValueCardRow:
    """The caller's card of this code. CardNotFoundError."""
    row = await repository.by_code(session, scope, _fingerprint(vault, code))
    if row is None:
        raise CardNotFoundError
    return row


async def page(
    session: Session, scope: Scope, window: Window, *, sort: str | None
) -> tuple[list[ValueCardRow], int]:
    """A page of the caller's cards."""
    return await repository.page(session, scope, window, sort=sort)


async def lines(session: Session, scope: Scope, card_id: UUID) -> list[ValueLineRow]:
    """Every movement of one card. CardNotFoundError."""
    await get(session, scope, card_id)
    return await repository.lines(session, scope, card_id)


async def adjust(
    session: Session, scope: Scope, card_id: UUID, minor: int, *, reason: str
) -> ValueCardRow:
    """Staff put so much more on it, or take it off. CardValueError below nothing."""
    await get(session, scope, card_id)
    if minor == 0:
        raise AmountError
    if not await repository.move(session, card_id, minor, what=reason, by=scope.principal):
        raise CardValueError
    return await get(session, scope, card_id)


async def change_expiry(
    session: Session, scope: Scope, card_id: UUID, expires_at: datetime | None
) -> ValueCardRow:
    """When it ends from now on."""
    row = await get(session, scope, card_id, lock=True)
    await repository.set_expiry(session, row, expires_at)
    return row


def code_of(vault: Vault, row: ValueCardRow) -> str:
    """Its code, for whoever may see it."""
    return vault.unlock(row.code, context=f"{_CONTEXT}|{row.id}")


async def spend(
    session: Session, vault: Vault, payment: PaymentRow, code: str, *, now: datetime
) -> UUID:
    """Pay with a card; which one it was.

    Raises CardNotFoundError, CurrencyError, and CardValueError where it is over or too little.
    """
    card = await repository.spendable(session, payment.organisation_id, _fingerprint(vault, code))
    if card is None:
        raise CardNotFoundError
    if card["currency"] != payment.currency:
        raise CurrencyError
    minor = payment.amount_minor
    usable = value_usable(
        available=card["available_minor"], wanted=minor, expires_at=card["expires_at"], now=now
    )
    card_id: UUID = card["id"]
    if not usable or not await repository.move(
        session, card_id, -minor, what="paid", by=payment.created_by, payment_id=payment.id
    ):
        raise CardValueError(extra={"available_minor": card["available_minor"]})
    return card_id


async def put_back(session: Session, payment: PaymentRow, refund: RefundRow) -> None:
    """Give back onto the card it was paid with, over or not."""
    if payment.value_card_id is None:
        raise LookupError("paid with a card that nobody knows")
    await repository.move(
        session,
        payment.value_card_id,
        refund.amount_minor,
        what="refunded",
        by=refund.created_by,
        payment_id=payment.id,
        refund_id=refund.id,
    )


async def _free_code(session: Session, vault: Vault, choose: Choose) -> str:
    while True:
        code = "".join(choose(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if not await repository.code_taken(session, _fingerprint(vault, code)):
            return code


def _fingerprint(vault: Vault, code: str) -> bytes:
    # As people type it: spaces, dashes and small letters do no harm.
    plain = "".join(each for each in code.upper() if each.isalnum())
    return vault.fingerprint(plain, context=_CONTEXT)
