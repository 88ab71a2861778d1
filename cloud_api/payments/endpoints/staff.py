"""What can staff do with folios and payments?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.days import Moment
from cloud_api.kit.db import Session
from cloud_api.kit.errors import problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, room_router
from cloud_api.kit.paging import Page, PageWindow, Window, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.payments import service
from cloud_api.payments.attempts import repository as attempts_repository
from cloud_api.payments.attempts import service as attempts
from cloud_api.payments.attempts.repository import Filter
from cloud_api.payments.endpoints import sheet
from cloud_api.payments.endpoints.parts import Reader, Refunder, Taker, ToolsOf
from cloud_api.payments.errors import (
    AmountError,
    CardNotFoundError,
    CardValueError,
    CurrencyError,
    FolioNotFoundError,
    NothingDueError,
    NotRefundableError,
    PaymentNotFoundError,
    PaymentStateError,
    ProviderNotHereError,
    TokenUsedError,
)
from cloud_api.payments.ledger import repository as ledger_repository
from cloud_api.payments.models import PaymentRow
from cloud_api.payments.refunds import repository as refunds_repository
from cloud_api.payments.refunds import service as refunds
from cloud_api.payments.schemas import (
    FolioOut,
    LinkIn,
    LinkOut,
    PaymentIn,
    PaymentOut,
    RefundIn,
    RefundOut,
)
from cloud_api.payments.transfers import repository as transfers_repository
from cloud_api.payments.transfers import service as transfers
from cloud_api.payments.transfers.schemas import RejectionIn, VoucherOut
from cloud_api.payments.types import Folio, PaymentState, ProviderName

router = room_router(prefix="", tag="payments")

MOST_EXPORTED = 10_000
_SORT = sort_pattern("created_at", "paid_at", "amount_minor", "state")
SortOf = Annotated[str | None, Query(pattern=_SORT)]


async def _wanted(
    *,
    state: PaymentState | None = None,
    provider: ProviderName | None = None,
    property_id: UUID | None = None,
    client_id: UUID | None = None,
    subject_id: UUID | None = None,
    made_from: Annotated[Moment | None, Query(description="made then or later")] = None,
    made_until: Annotated[Moment | None, Query(description="made before")] = None,
) -> Filter:
    return Filter(
        state=state,
        provider=provider,
        property_id=property_id,
        client_id=client_id,
        subject_id=subject_id,
        made_from=made_from,
        made_until=made_until,
    )


Wanted = Annotated[Filter, Depends(_wanted)]


@router.get("/payments")
async def list_payments(
    *,
    session: DbSession,
    scope: Reader,
    tools: ToolsOf,
    wanted: Wanted,
    window: PageWindow,
    sort: SortOf = None,
) -> Page[PaymentOut]:
    """Payments, newest first; money that is nobody's yet too."""
    rows, total = await attempts_repository.page(session, scope, wanted, window, sort=sort)
    return page_of([_payment(each, tools.vault) for each in rows], total=total, window=window)


@router.get("/payments/export", response_class=Response)
async def export_payments(
    session: DbSession, scope: Reader, tools: ToolsOf, wanted: Wanted, sort: SortOf = None
) -> Response:
    """The same list as a spreadsheet, at most 10,000 rows; cells cannot become formulas."""
    window = Window(limit=MOST_EXPORTED)
    rows, _ = await attempts_repository.page(session, scope, wanted, window, sort=sort)
    return Response(
        sheet.csv_of(_payment(each, tools.vault) for each in rows),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="payments.csv"'},
    )


@router.get("/payments/{payment_id}", responses=problem_responses(PaymentNotFoundError))
async def read_payment(
    payment_id: UUID, session: DbSession, scope: Reader, tools: ToolsOf
) -> PaymentOut:
    """One payment."""
    return _payment(await _mine(session, scope, payment_id), tools.vault)


@router.get("/folios/of/{subject_id}", responses=problem_responses(FolioNotFoundError))
async def read_folio_of(
    subject_id: UUID, session: DbSession, scope: Reader, tools: ToolsOf
) -> FolioOut:
    """The folio of one booking, by the booking's id."""
    folio = await ledger_repository.own_of_subject(session, scope.organisation_id, subject_id)
    return await _folio(session, folio, tools.vault)


@router.get("/folios/{folio_id}", responses=problem_responses(FolioNotFoundError))
async def read_folio(folio_id: UUID, session: DbSession, scope: Reader, tools: ToolsOf) -> FolioOut:
    """One folio with its lines, payments and refunds."""
    folio = await ledger_repository.own(session, scope.organisation_id, folio_id)
    return await _folio(session, folio, tools.vault)


@router.post(
    "/folios/{folio_id}/payments",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        FolioNotFoundError,
        NothingDueError,
        AmountError,
        CurrencyError,
        ProviderNotHereError,
        TokenUsedError,
        CardNotFoundError,
        CardValueError,
    ),
)
async def begin_payment(
    folio_id: UUID, wanted: PaymentIn, session: DbSession, scope: Taker, tools: ToolsOf
) -> PaymentOut:
    """Take money: through a provider, from a card, or by hand; without an amount what is due."""
    folio = await _mine_folio(session, scope, folio_id)
    made = await service.begin_payment(session, folio, wanted.wish(), tools, by=scope.principal)
    out = PaymentOut.model_validate(made)
    await _on_record(session, scope, Deed.PAYMENT_BEGUN, made.id, after=out)
    return out


@router.post(
    "/folios/{folio_id}/links",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(FolioNotFoundError, AmountError),
)
async def make_link(
    folio_id: UUID, wanted: LinkIn, session: DbSession, scope: Taker, tools: ToolsOf
) -> LinkOut:
    """The secret address where this folio can be paid; the same each time for the same amount."""
    folio = await _mine_folio(session, scope, folio_id)
    token = await service.payment_link(session, folio, tools, amount=wanted.amount)
    await audit.record(
        session,
        scope,
        action=Deed.PAYMENT_LINK_SHOWN,
        object_type="folio",
        object_id=folio.id,
        after=wanted,
    )
    return LinkOut(token=token, path=f"/api/v1/pay/{token}")


@router.post(
    "/payments/{payment_id}/refunds",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        PaymentNotFoundError, NotRefundableError, AmountError, CurrencyError
    ),
)
async def refund(
    payment_id: UUID, wanted: RefundIn, session: DbSession, scope: Refunder, tools: ToolsOf
) -> RefundOut:
    """Give back; never more than was paid and is still there."""
    await _mine(session, scope, payment_id)
    made = await service.refund(
        session, payment_id, wanted.amount, reason=wanted.reason, tools=tools, by=scope.principal
    )
    out = RefundOut.model_validate(made)
    await _on_record(session, scope, Deed.PAYMENT_REFUND_WANTED, payment_id, after=out)
    return out


@router.get("/payments/{payment_id}/vouchers", responses=problem_responses(PaymentNotFoundError))
async def list_vouchers(payment_id: UUID, session: DbSession, scope: Reader) -> list[VoucherOut]:
    """What the guest sent as proof of a transfer."""
    await _mine(session, scope, payment_id)
    found = await transfers_repository.of_payment(session, scope, payment_id)
    return [VoucherOut.model_validate(each) for each in found]


@router.post(
    "/payments/{payment_id}/approve",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(PaymentNotFoundError, PaymentStateError),
)
async def approve(payment_id: UUID, session: DbSession, scope: Taker, tools: ToolsOf) -> PaymentOut:
    """The transfer is there."""
    row = await transfers.approve(session, scope, payment_id, tools)
    out = _payment(row, tools.vault)
    await _on_record(session, scope, Deed.TRANSFER_APPROVED, payment_id, after=out)
    return out


@router.post(
    "/payments/{payment_id}/reject",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(PaymentNotFoundError, PaymentStateError),
)
async def reject(
    payment_id: UUID, wanted: RejectionIn, session: DbSession, scope: Taker, tools: ToolsOf
) -> PaymentOut:
    """The transfer is not there, or not enough."""
    row = await transfers.reject(session, scope, payment_id, reason=wanted.reason)
    await _on_record(session, scope, Deed.TRANSFER_REJECTED, payment_id, after=wanted)
    return _payment(row, tools.vault)


async def _mine(session: Session, scope: Scope, payment_id: UUID) -> PaymentRow:
    row = await attempts_repository.find(session, scope, payment_id)
    if row is None:
        raise PaymentNotFoundError
    return row


async def _mine_folio(session: Session, scope: Scope, folio_id: UUID) -> Folio:
    folio = await ledger_repository.own(session, scope.organisation_id, folio_id)
    if folio is None:
        raise FolioNotFoundError
    return folio


async def _folio(session: Session, folio: Folio | None, vault: Vault) -> FolioOut:
    if folio is None:
        raise FolioNotFoundError
    rows = await attempts_repository.of_folio(session, folio.id)
    given = await refunds_repository.of_payments(session, [each.id for each in rows])
    return FolioOut.of(
        folio,
        await ledger_repository.lines(session, folio),
        [attempts.payment_of(each, vault) for each in rows],
        [refunds.refund_of(each) for each in given],
    )


def _payment(row: PaymentRow, vault: Vault) -> PaymentOut:
    return PaymentOut.model_validate(attempts.payment_of(row, vault))


async def _on_record(
    session: Session, scope: Scope, deed: Deed, payment_id: UUID, *, after: BaseModel
) -> None:
    await audit.record(
        session, scope, action=deed, object_type="payment", object_id=payment_id, after=after
    )
