"""How do staff see what a guest was told, send a letter now, and set a property's habits?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.jobs import Tools
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging import service as messaging
from cloud_api.messaging.schemas import MessageOut
from cloud_api.papers.errors import PaperForNobody
from cloud_api.papers.letters import service
from cloud_api.papers.letters.errors import LetterNotTrue
from cloud_api.papers.letters.schemas import LetterIn, LetterSettings
from cloud_api.reservations import service as reservations
from cloud_api.reservations.errors import ReservationNotFoundError

router = room_router(prefix="", tag="letters")

Reader = Annotated[Scope, Depends(allow(Permission.MESSAGES_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.MESSAGES_WRITE))]
Manager = Annotated[Scope, Depends(allow(Permission.MESSAGING_SETUP))]
Sorting = Annotated[
    str | None, Query(pattern=sort_pattern("created_at", "sent_at", "state", "channel", "event"))
]


@router.get(
    "/reservations/{reservation_id}/letters",
    responses=problem_responses(ReservationNotFoundError),
)
async def list_letters(
    reservation_id: UUID,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    sort: Sorting = None,
) -> Page[MessageOut]:
    """What the guest of this booking was told, when, by which way, and whether it came."""
    await reservations.get(session, scope, reservation_id)
    shown, total = await messaging.told_about(session, scope, reservation_id, window, sort=sort)
    return page_of(shown, total=total, window=window)


@router.post(
    "/reservations/{reservation_id}/letters",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(ReservationNotFoundError, PaperForNobody, LetterNotTrue),
)
async def send_letter(  # noqa: PLR0917 - what an endpoint is handed
    reservation_id: UUID,
    wanted: LetterIn,
    session: DbSession,
    scope: Writer,
    clock: ClockOf,
    request: Request,
) -> list[MessageOut]:
    """Send a letter now, again or for the first time, with the words and links of now."""
    ids = await service.by_hand(
        session,
        scope,
        Tools(clock=clock, vault=backstage(request).vault),
        reservation_id,
        wanted.letter,
        public_url=request.app.state.public_url,
    )
    return await messaging.told_by(session, scope, ids)


@router.get("/properties/{property_id}/letter-settings", responses=problem_responses(NotFound))
async def show_settings(property_id: UUID, session: DbSession, scope: Reader) -> LetterSettings:
    """How the property writes to its guests."""
    return await service.show(session, scope, property_id)


@router.put("/properties/{property_id}/letter-settings", responses=problem_responses(NotFound))
async def change_settings(
    property_id: UUID, wanted: LetterSettings, session: DbSession, scope: Manager
) -> LetterSettings:
    """Decide how the property writes to its guests: all of it anew."""
    return await service.change(session, scope, property_id, wanted)
