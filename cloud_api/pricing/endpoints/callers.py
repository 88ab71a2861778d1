"""Who may read and change prices, and how often may a stranger ask?"""

from datetime import timedelta
from typing import Annotated, cast

from fastapi import Depends, Query, Request
from pydantic import JsonValue

from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import TooManyAttempts
from cloud_api.kit.http import DbSession, allow, backstage
from cloud_api.kit.idempotency import KeyHeader, claim
from cloud_api.kit.paging import sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit, source_of
from cloud_api.pricing.ports import Calendar, Guests

Reader = Annotated[Scope, Depends(allow(Permission.PRICING_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.PRICING_WRITE))]
ShowArchived = Annotated[bool, Query(description="archived ones too")]
Sort = Annotated[
    str | None, Query(pattern=sort_pattern("name", "created_at"), examples=["-created_at"])
]

# In the document: no login.
OPEN: dict[str, JsonValue] = {"security": []}

QUOTES_PER_ADDRESS = Limit(attempts=60, window=timedelta(minutes=1))
LOOKS_PER_ADDRESS = Limit(attempts=120, window=timedelta(minutes=1))
# Strangers share one name: a retry may come from another address, and keys are random.
_ANYBODY = "public"


async def _calendar(request: Request) -> Calendar:
    return cast("Calendar", request.app.state.calendar)


CalendarOf = Annotated[Calendar, Depends(_calendar)]


async def _guests(request: Request) -> Guests:
    return cast("Guests", request.app.state.guests)


GuestsOf = Annotated[Guests, Depends(_guests)]


async def quotes_per_address() -> Limit:
    """How many quotes one address may ask for; the composition root may override it."""
    return QUOTES_PER_ADDRESS


async def _quote_limit(
    request: Request, limit: Annotated[Limit, Depends(quotes_per_address)]
) -> None:
    await _count(request, "quote", limit)


async def _look_limit(request: Request) -> None:
    await _count(request, "price", LOOKS_PER_ADDRESS)


async def _idempotent(request: Request, session: DbSession, key: KeyHeader = None) -> None:
    if key is not None:
        request.state.idempotency = await claim(session, request, principal=_ANYBODY, key=key)


# Counted before the key is claimed: the count has a transaction of its own.
COUNTED_QUOTE = Depends(_quote_limit)
COUNTED_LOOK = Depends(_look_limit)
IDEMPOTENT_FOR_ANYBODY = Depends(_idempotent)


async def _count(request: Request, kind: str, limit: Limit) -> None:
    address = source_of(request.client and request.client.host)
    wait = await backstage(request).throttle.hit(kind, address, limit)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)
