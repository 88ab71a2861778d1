"""How does a wish to pay become money on a folio, once, whatever arrives in whatever order?"""

from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.errands import wake
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.jobs import Tools
from cloud_api.kit.metrics import PAYMENTS, PAYMENTS_STRAY
from cloud_api.kit.money import Money
from cloud_api.kit.vault import Vault
from cloud_api.payments.accounts import service as accounts
from cloud_api.payments.attempts import repository
from cloud_api.payments.errors import (
    AmountError,
    CardNotFoundError,
    CurrencyError,
    NothingDueError,
    TokenUsedError,
)
from cloud_api.payments.events import PaymentFailed, PaymentReceived
from cloud_api.payments.ledger import service as ledger
from cloud_api.payments.ledger.service import MoneyLine
from cloud_api.payments.links import service as links
from cloud_api.payments.matters import service as matters
from cloud_api.payments.models import AccountRow, PaymentRow
from cloud_api.payments.refunds import service as refunds
from cloud_api.payments.rules import (
    REFERENCE_PREFIX,
    Standing,
    Verdict,
    has_money,
    judge,
    look_again_after,
    mismatch,
)
from cloud_api.payments.stored import service as stored
from cloud_api.payments.types import (
    Folio,
    LineKind,
    MatterKind,
    Part,
    Payment,
    PaymentState,
    PaymentWish,
    ProviderName,
    Review,
    Seen,
    Step,
)
from cloud_api.properties import service as properties

BEGIN = "payments.begin"
LOOK = "payments.look"
# How long a payer is given to prove a card to its bank, before another one may be tried.
_CARD_TAKES = timedelta(minutes=15)
_OUTSIDE = frozenset(ProviderName) - {ProviderName.MANUAL, ProviderName.STORED_VALUE}


async def begin(
    session: Session, folio: Folio, wish: PaymentWish, tools: Tools, *, by: str, guest: bool = False
) -> Payment:
    """Begin to pay. A guest's same wish that is under way already is answered, not begun twice.

    Raises NothingDueError, AmountError, CurrencyError, ProviderNotHereError, TokenUsedError,
    CardNotFoundError, CardValueError.
    """
    folio = await ledger.locked(session, folio.id)
    amount = _amount(folio, wish)
    account_id = await accounts.offered(session, folio.property_id, wish.provider, guest=guest)
    if guest:
        same = await _under_way(session, folio, wish, amount, now=tools.clock.utc_now())
        if same is not None:
            return payment_of(same, tools.vault)
    row = _new(folio, wish, amount, account_id=account_id, by=by)
    row.link_id = (await links.ensure(session, folio, tools.vault, None)).id
    await _keep_card_token(session, row, wish, tools.vault)
    await _start(session, row, folio, wish, tools)
    PAYMENTS.labels(row.provider.value, "begun").inc()
    return payment_of(row, tools.vault)


async def apply(session: Session, payment_id: UUID, seen: Seen, tools: Tools) -> PaymentRow:
    """Make our record agree with what the provider says; saying it again changes nothing."""
    row = await lock(session, payment_id)
    known = _standing(row, seen)
    verdict = judge(known, seen)
    now = tools.clock.utc_now()
    if verdict.stray is not None:
        detail = mismatch(known, seen) or ""
        await _keep_beside(session, row, seen, verdict.stray, detail=detail, now=now)
        if has_money(row.state):
            return row
        await fail(session, row, PaymentState.REJECTED, trouble=f"mismatch: {detail}")
        return row
    await _take_over(session, row, seen, verdict, tools, now=now)
    return row


async def keep_orphan(session: Session, account: AccountRow, seen: Seen, now: datetime) -> None:
    """Keep money that came through an account of ours for nothing we know of."""
    if has_money(seen.state):
        await _keep_stray(session, account, seen, MatterKind.ORPHAN, detail="", now=now)


async def lock(session: Session, payment_id: UUID) -> PaymentRow:
    """The payment, its folio locked too. LookupError when there is none: a fault of ours."""
    row = await repository.locked(session, payment_id)
    if row is None:
        raise LookupError("a payment is gone")
    return row


async def fail(
    session: Session, row: PaymentRow, state: PaymentState, *, trouble: str
) -> PaymentRow:
    """Nothing came of it; told once."""
    if row.state is state or has_money(row.state):
        return row
    row.state, row.trouble = state, trouble
    row.step, row.due_at = Step.REST, None
    await session.flush()
    PAYMENTS.labels(row.provider.value, state.value).inc()
    said = await matters.facts(session, row, row.amount_minor)
    failed = PaymentFailed.model_validate({**said, "reason": trouble or state.value})
    await publish(session, failed, organisation_id=row.organisation_id)
    return row


async def money_came(
    session: Session, row: PaymentRow, minor: int, *, now: datetime, what: str = ""
) -> None:
    """So much more came (or, negative, was taken by a dispute); the row is locked."""
    row.received_minor += minor
    if minor > 0:
        row.paid_at = row.paid_at or now
    await session.flush()
    if row.folio_id is None or minor == 0:
        return
    folio = await ledger.get(session, row.folio_id)
    line = MoneyLine(LineKind.PAYMENT, new_id().hex, minor, row.id, what=what)
    folio = await ledger.move_money(session, folio, line)
    if minor < 0:
        return
    PAYMENTS.labels(row.provider.value, "paid").inc()
    late = folio.closed_at is not None
    said = await matters.facts(session, row, minor)
    received = PaymentReceived.model_validate({**said, "late": late})
    await publish(session, received, organisation_id=row.organisation_id)
    if late:
        await matters.open_matter(session, row, MatterKind.LATE, due_minor=folio.balance.due.minor)
    elif folio.balance.due.minor < 0:
        kind = MatterKind.OVERPAID
        await matters.open_matter(session, row, kind, due_minor=folio.balance.due.minor)
    await ledger.settle(session, folio)


def payment_of(row: PaymentRow, vault: Vault) -> Payment:
    """What others may see of it."""
    url = None
    if row.pay_url is not None and row.state is PaymentState.PENDING:
        url = vault.unlock(row.pay_url, context=f"payments|url|{row.id}")
    return Payment(
        id=row.id,
        organisation_id=row.organisation_id,
        property_id=row.property_id,
        folio_id=row.folio_id,
        subject_id=row.subject_id,
        provider=row.provider,
        reference=row.reference,
        amount=Money(row.amount_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency),
        state=row.state,
        step=row.step,
        review=row.review,
        deadline_at=row.deadline_at,
        provider_status=row.provider_status,
        trouble=row.trouble,
        created_at=row.created_at,
        paid_at=row.paid_at,
        pay_url=url,
    )


async def _under_way(
    session: Session, folio: Folio, wish: PaymentWish, amount: Money, *, now: datetime
) -> PaymentRow | None:
    """The try that this wish repeats.

    A page makes a new token of the same card at each click: while a card is being charged another
    one is not.
    """
    if wish.card_token is not None:
        return await repository.card_under_way(session, folio.id, since=now - _CARD_TAKES)
    return await repository.pending_like(session, folio.id, wish.provider, amount.minor, now=now)


def _amount(folio: Folio, wish: PaymentWish) -> Money:
    if folio.closed_at is not None:
        raise NothingDueError
    due = folio.balance.due
    if due.minor <= 0:
        raise NothingDueError
    now = due if wish.part is Part.BALANCE else folio.balance.due_now
    amount = wish.amount or now
    if amount.currency != folio.currency:
        raise CurrencyError
    if not 0 < amount.minor <= due.minor:
        raise AmountError(extra={"due_minor": due.minor})
    return amount


def _new(
    folio: Folio, wish: PaymentWish, amount: Money, *, account_id: UUID | None, by: str
) -> PaymentRow:
    payment_id = new_id()
    return PaymentRow(
        id=payment_id,
        organisation_id=folio.organisation_id,
        property_id=folio.property_id,
        folio_id=folio.id,
        subject_id=folio.subject_id,
        client_id=folio.client_id,
        account_id=account_id,
        provider=wish.provider,
        reference=f"{REFERENCE_PREFIX}{payment_id.hex}",
        currency=amount.currency,
        amount_minor=amount.minor,
        received_minor=0,
        refunded_minor=0,
        reserved_minor=0,
        state=PaymentState.PENDING,
        provider_id="",
        provider_status="",
        trouble="",
        step=Step.REST,
        tries=0,
        undone_tries=0,
        card_method=wish.card_method,
        device_session=wish.device_session,
        created_by=by,
    )


async def _keep_card_token(
    session: Session, row: PaymentRow, wish: PaymentWish, vault: Vault
) -> None:
    if wish.card_token is None:
        return
    # A keyed hash of the token outlives the token: it is good for one payment.
    fingerprint = vault.fingerprint(wish.card_token, context="payments|card")
    if await repository.token_known(session, fingerprint):
        raise TokenUsedError
    row.card_fingerprint = fingerprint
    row.card_token = vault.lock(wish.card_token, context=f"payments|card|{row.id}")


async def _start(
    session: Session, row: PaymentRow, folio: Folio, wish: PaymentWish, tools: Tools
) -> None:
    now = tools.clock.utc_now()
    row.created_at = now
    if row.provider in _OUTSIDE:
        row.step, row.due_at = Step.BEGIN, now
    elif row.provider is ProviderName.MANUAL and not wish.received:
        minutes = await properties.voucher_minutes(session, folio.property_id)
        row.review, row.deadline_at = Review.AWAITING_VOUCHER, now + timedelta(minutes=minutes)
    session.add(row)
    await session.flush()
    if row.provider in _OUTSIDE:
        await wake(session, BEGIN)
        return
    if row.provider is ProviderName.STORED_VALUE:
        await _pay_with_card(session, row, wish, tools, now=now)
    if row.provider is ProviderName.STORED_VALUE or wish.received:
        row.state = PaymentState.PAID
        await money_came(session, row, row.amount_minor, now=now)


async def _pay_with_card(
    session: Session, row: PaymentRow, wish: PaymentWish, tools: Tools, *, now: datetime
) -> None:
    if wish.value_code is None:
        raise CardNotFoundError
    row.value_card_id = await stored.spend(session, tools.vault, row, wish.value_code, now=now)


def _standing(row: PaymentRow, seen: Seen) -> Standing:
    # Money that is kept beside has no reference of ours: it is known by the provider's name.
    return Standing(
        reference=seen.reference if row.stray is not None else row.reference,
        provider_id=row.provider_id,
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        received_minor=row.received_minor,
        refunded_minor=row.refunded_minor,
        wanted_minor=row.reserved_minor - row.refunded_minor,
    )


async def _take_over(
    session: Session, row: PaymentRow, seen: Seen, verdict: Verdict, tools: Tools, *, now: datetime
) -> None:
    if not has_money(row.state):
        row.provider_id = seen.provider_id or row.provider_id
    row.provider_status = seen.provider_status
    if seen.pay_url is not None:
        row.pay_url = tools.vault.lock(seen.pay_url, context=f"payments|url|{row.id}")
    row.card_token = None
    if not has_money(verdict.state):
        await _still_without_money(session, row, verdict.state, now=now)
        return
    disputed = verdict.state is PaymentState.DISPUTED and row.state is not PaymentState.DISPUTED
    row.state, row.trouble = verdict.state, ""
    row.step, row.due_at = Step.REST, None
    await money_came(
        session, row, verdict.came_minor, now=now, what="disputed" if verdict.came_minor < 0 else ""
    )
    if verdict.went_minor > 0:
        await refunds.found_elsewhere(session, row, verdict.went_minor, now=now)
    if disputed:
        await matters.open_matter(session, row, MatterKind.DISPUTED)


async def _still_without_money(
    session: Session, row: PaymentRow, state: PaymentState, *, now: datetime
) -> None:
    if state is PaymentState.PENDING:
        row.state, row.step = state, Step.LOOK
        row.due_at = now + look_again_after(row.tries)
        await session.flush()
        return
    await fail(session, row, state, trouble="")


async def _keep_beside(
    session: Session, row: PaymentRow, seen: Seen, kind: MatterKind, *, detail: str, now: datetime
) -> None:
    if row.account_id is None or row.stray is not None:
        return
    account = await accounts.row(session, row.account_id)
    await _keep_stray(session, account, seen, kind, detail=detail, now=now, beside=row)


async def _keep_stray(
    session: Session,
    account: AccountRow,
    seen: Seen,
    kind: MatterKind,
    *,
    detail: str,
    now: datetime,
    beside: PaymentRow | None = None,
) -> None:
    stray_id = new_id()
    refunded = min(max(seen.refunded.minor, 0), seen.amount.minor)
    disputed = seen.state is PaymentState.DISPUTED
    row = PaymentRow(
        id=stray_id,
        organisation_id=account.organisation_id,
        account_id=account.id,
        provider=account.provider,
        reference=f"{REFERENCE_PREFIX}stray-{stray_id.hex}",
        stray=kind,
        currency=seen.amount.currency,
        amount_minor=seen.amount.minor,
        received_minor=refunded if disputed else seen.amount.minor,
        refunded_minor=refunded,
        reserved_minor=refunded,
        state=seen.state,
        provider_id=seen.provider_id,
        provider_status=seen.provider_status,
        created_by="provider",
        paid_at=seen.happened_at or now,
    )
    if seen.amount.minor <= 0 or not await repository.add_stray(session, row):
        return
    PAYMENTS_STRAY.labels(account.provider.value, kind.value).inc()
    kept = await lock(session, stray_id)
    said = f"{detail} {seen.reference[:100]}".strip()
    await matters.open_matter(session, kept, kind, detail=said, beside=beside)
