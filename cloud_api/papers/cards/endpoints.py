"""What does a stranger get who scans a card?"""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import BaseModel, JsonValue

from cloud_api.kit.errors import NotFound, TooManyAttempts, problem_responses
from cloud_api.kit.http import DbSession, backstage, room_router
from cloud_api.kit.throttle import Limit, source_of
from cloud_api.papers.cards import service

router = room_router(prefix="/public/cards", tag="cards")

LOOKS_PER_ADDRESS = Limit(attempts=60, window=timedelta(minutes=1))
_OPEN: dict[str, JsonValue] = {"security": []}


class CardOut(BaseModel):
    """All a card tells: a name, where its owner stays or stayed, and what their word is worth."""

    name: str
    property: str
    referral_code: str | None
    level: str | None
    level_icon: str | None
    referral_discount_percent: Decimal | None
    facebook_linked: bool


async def _counted(request: Request) -> None:
    address = source_of(request.client and request.client.host)
    wait = await backstage(request).throttle.hit("papers.card", address, LOOKS_PER_ADDRESS)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)


@router.get(
    "/{token}",
    dependencies=[Depends(_counted)],
    openapi_extra=_OPEN,
    responses=problem_responses(NotFound, TooManyAttempts),
)
async def read_card(
    token: Annotated[str, Path(min_length=1, max_length=100)], session: DbSession
) -> CardOut:
    """The card of this token."""
    card = await service.show(session, token)
    word = card.recommends
    return CardOut(
        name=card.name,
        property=card.property,
        referral_code=word.code,
        level=word.level,
        level_icon=word.level_icon,
        referral_discount_percent=word.discount_percent,
        facebook_linked=word.facebook_linked,
    )
