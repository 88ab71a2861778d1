"""What can somebody do who has a link to pay, and nothing else?

The token is all the right there is: whoever has it sees what is owed and may pay it. Nothing here
tells whose booking it is.
"""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Header, Path, Request
from fastapi.responses import RedirectResponse
from pydantic import JsonValue

from cloud_api.files.errors import FileTooLarge, FileTypeRefused, PictureRefused
from cloud_api.kit.db import Session
from cloud_api.kit.errors import InvalidRequest, TooManyAttempts, problem_responses
from cloud_api.kit.http import DbSession, backstage, room_router
from cloud_api.kit.idempotency import IdempotencyKeyReusedError, KeyHeader, claim
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.kit.throttle import Limit, source_of
from cloud_api.payments.accounts import service as accounts
from cloud_api.payments.attempts import repository as attempts_repository
from cloud_api.payments.attempts import service as attempts
from cloud_api.payments.endpoints.parts import ToolsOf
from cloud_api.payments.errors import (
    AmountError,
    CardNotFoundError,
    CardValueError,
    CurrencyError,
    DeadlinePassedError,
    LinkNotFoundError,
    NothingDueError,
    PaymentNotFoundError,
    PaymentStateError,
    ProviderNotHereError,
    TokenUsedError,
)
from cloud_api.payments.links import service as links
from cloud_api.payments.models import LinkRow
from cloud_api.payments.schemas import PayIn, PayStateOut
from cloud_api.payments.transfers import service as transfers
from cloud_api.payments.transfers.schemas import VoucherTakenOut
from cloud_api.payments.types import Folio
from cloud_api.properties import service as properties

router = room_router(prefix="/pay", tag="pay")

_OPEN: dict[str, JsonValue] = {"security": []}
_BODY: Final[dict[str, JsonValue]] = {
    "security": [],
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
}
_ANYBODY = "public"
TRIES_PER_ADDRESS = Limit(attempts=30, window=timedelta(minutes=1))
TRIES_PER_LINK = Limit(attempts=10, window=timedelta(minutes=1))
LOOKS_PER_ADDRESS = Limit(attempts=300, window=timedelta(minutes=1))

Token = Annotated[str, Path(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


async def _tries(request: Request, token: Token) -> None:
    await _count(request, "pay", _address(request), TRIES_PER_ADDRESS)
    # A gift card's code could be guessed here: by link, few tries.
    await _count(request, "pay-link", token, TRIES_PER_LINK)


async def _looks(request: Request) -> None:
    await _count(request, "pay-look", _address(request), LOOKS_PER_ADDRESS)


async def _idempotent(request: Request, session: DbSession, key: KeyHeader = None) -> None:
    if key is not None:
        request.state.idempotency = await claim(session, request, principal=_ANYBODY, key=key)


@router.get(
    "/{token}",
    dependencies=[Depends(_looks)],
    openapi_extra=_OPEN,
    responses=problem_responses(LinkNotFoundError, TooManyAttempts),
)
async def look(token: Token, session: DbSession, tools: ToolsOf) -> PayStateOut:
    """What is owed and how paying stands; ask again while it is `pending`."""
    return await _state(session, token, tools)


@router.get(
    "/{token}/return",
    dependencies=[Depends(_looks)],
    openapi_extra=_OPEN,
    responses=problem_responses(LinkNotFoundError, TooManyAttempts),
)
async def come_back(token: Token, session: DbSession, tools: ToolsOf) -> PayStateOut:
    """Where a provider sends the payer back: our own state, never what the address says."""
    return await _state(session, token, tools)


@router.post(
    "/{token}/return",
    status_code=303,
    dependencies=[Depends(_looks)],
    openapi_extra=_OPEN,
    response_class=RedirectResponse,
    responses=problem_responses(TooManyAttempts),
)
async def come_back_by_post(token: Token) -> RedirectResponse:
    """Some providers send the payer's browser back with a form: what it says is not read."""
    return RedirectResponse(f"/api/v1/pay/{token}/return", status_code=303)


@router.post(
    "/{token}",
    status_code=201,
    dependencies=[Depends(_tries), Depends(_idempotent)],
    openapi_extra=_OPEN,
    responses=problem_responses(
        LinkNotFoundError,
        NothingDueError,
        AmountError,
        CurrencyError,
        ProviderNotHereError,
        TokenUsedError,
        CardNotFoundError,
        CardValueError,
        IdempotencyKeyReusedError,
        InvalidRequest,
        TooManyAttempts,
    ),
)
async def pay(token: Token, wanted: PayIn, session: DbSession, tools: ToolsOf) -> PayStateOut:
    """Choose how to pay. Where to go follows as `payment.pay_url`: ask with GET until it is there.

    Choosing the same again while it is under way answers the same payment.
    """
    link, folio = await links.by_token(session, token)
    wish = wanted.wish(_fixed(link, folio))
    await attempts.begin(session, folio, wish, tools, by="guest", guest=True)
    return await _state(session, token, tools)


@router.post(
    "/{token}/vouchers",
    status_code=201,
    dependencies=[Depends(_tries), Depends(_idempotent)],
    openapi_extra=_BODY,
    responses=problem_responses(
        LinkNotFoundError,
        PaymentNotFoundError,
        DeadlinePassedError,
        PaymentStateError,
        FileTypeRefused,
        FileTooLarge,
        PictureRefused,
        TooManyAttempts,
    ),
)
async def send_voucher(
    request: Request,
    token: Token,
    session: DbSession,
    tools: ToolsOf,
    content_type: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> VoucherTakenOut:
    """Show a transfer: the body is a picture or a PDF of at most 20 MB, told by its first bytes."""
    _, folio = await links.by_token(session, token)
    number, review = await transfers.take_voucher(
        session, folio, await request.body(), content_type, tools
    )
    return VoucherTakenOut(number=number, review=review)


async def _state(session: Session, token: str, tools: Tools) -> PayStateOut:
    link, folio = await links.by_token(session, token)
    rows = await attempts_repository.of_folio(session, folio.id)
    offers = await accounts.offers(session, folio.property_id)
    return PayStateOut.of(
        folio,
        amount=_fixed(link, folio),
        providers=[each.provider for each in offers],
        settings=await accounts.settings_of(session, folio.property_id),
        transfer_minutes=await properties.voucher_minutes(session, folio.property_id),
        payment=attempts.payment_of(rows[0], tools.vault) if rows else None,
    )


def _fixed(link: LinkRow, folio: Folio) -> Money | None:
    return None if link.amount_minor is None else folio.money(link.amount_minor)


def _address(request: Request) -> str:
    return source_of(request.client and request.client.host)


async def _count(request: Request, kind: str, name: str, limit: Limit) -> None:
    wait = await backstage(request).throttle.hit(kind, name, limit)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)
