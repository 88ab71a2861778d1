"""How does the guest who booked get the papers of the stay, and agree to its contract?"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from cloud_api.access.errors import LinkRefusedError
from cloud_api.files import service as files
from cloud_api.files.errors import FileTooLarge, FileTypeRefused, PictureRefused
from cloud_api.files.types import Purpose
from cloud_api.kit.errors import Forbidden, problem_responses
from cloud_api.kit.http import ClockOf, room_router
from cloud_api.papers import service
from cloud_api.papers.almanac import calendar
from cloud_api.papers.cards import service as cards
from cloud_api.papers.contracts import service as contracts
from cloud_api.papers.contracts.schemas import AcceptanceIn, ContractOut
from cloud_api.papers.doors import Booker, DeskOf, sent
from cloud_api.papers.endpoints import In
from cloud_api.papers.errors import ContractMissing, EnoughPictures, PaperNotMade
from cloud_api.papers.types import PaperKind

router = room_router(prefix="/guest", tag="guest")

MOST_ID_DOCUMENTS: Final = 3
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_PROBLEMS = problem_responses(LinkRefusedError, Forbidden, PaperNotMade)


async def _reservation(guest: Booker) -> UUID:
    if guest.reservation_id is None:
        raise LinkRefusedError
    return guest.reservation_id


Reservation = Annotated[UUID, Depends(_reservation)]


@router.post(
    "/id-documents",
    status_code=204,
    openapi_extra=_BODY,
    responses=_PROBLEMS
    | problem_responses(EnoughPictures, FileTypeRefused, FileTooLarge, PictureRefused),
)
async def keep_id_document(
    request: Request,
    desk: DeskOf,
    guest: Booker,
    reservation_id: Reservation,
    content_type: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> None:
    """A picture of an identity document, at most three; nobody gets it back by a link."""
    content = await request.body()
    whose = {"organisation_id": guest.organisation_id, "reservation_id": reservation_id}
    async with desk.database.transaction() as session:
        if await files.count(session, **whose, purpose=Purpose.ID_DOCUMENT) >= MOST_ID_DOCUMENTS:
            raise EnoughPictures
        await files.keep(
            session,
            desk.cabinet.vault,
            **whose,
            content=content,
            media_type=content_type,
            purpose=Purpose.ID_DOCUMENT,
            delete_after=None,
            name="id document",
        )


@router.get("/papers/calendar", response_class=Response, responses=_PROBLEMS)
async def read_calendar(
    desk: DeskOf, guest: Booker, reservation_id: Reservation, clock: ClockOf, language: In = None
) -> Response:
    """The stay for one's own calendar."""
    async with desk.database.reading() as session:
        facts = await service.facts_of(session, guest.scope, reservation_id, language=language)
    return sent(calendar(facts, now=clock.utc_now()), "text/calendar", f"{facts.code}.ics")


@router.get("/papers/card", response_class=Response, responses=_PROBLEMS)
async def read_card(desk: DeskOf, guest: Booker, reservation_id: Reservation) -> Response:
    """The QR code of one's card, as SVG."""
    async with desk.database.reading() as session:
        facts = await service.facts_of(session, guest.scope, reservation_id)
        drawn = await cards.svg(session, desk.cabinet.vault, facts, desk.public_url)
    return sent(drawn.encode(), "image/svg+xml", f"{facts.code}.svg")


@router.get("/papers/contract", responses=_PROBLEMS | problem_responses(ContractMissing))
async def see_contract(desk: DeskOf, guest: Booker, reservation_id: Reservation) -> ContractOut:
    """Which contract there is to agree to."""
    return ContractOut.of(await service.contract_of(desk, guest.scope, reservation_id))


@router.get("/papers/contract/content", response_class=Response, responses=_PROBLEMS)
async def read_contract(desk: DeskOf, guest: Booker, reservation_id: Reservation) -> Response:
    """Its words, exactly as they were made."""
    contract = await service.contract_of(desk, guest.scope, reservation_id)
    content = await service.contract_content(desk, guest.organisation_id, contract)
    return sent(content, "application/pdf", f"contract-{contract.version}.pdf")


@router.post(
    "/papers/contract/acceptance", responses=_PROBLEMS | problem_responses(ContractMissing)
)
async def accept_contract(
    wanted: AcceptanceIn, desk: DeskOf, guest: Booker, reservation_id: Reservation, clock: ClockOf
) -> ContractOut:
    """Agree to this very contract; twice is once, a newer one asks anew."""
    async with desk.database.transaction() as session:
        accepted = await contracts.accept(
            session,
            organisation_id=guest.organisation_id,
            reservation_id=reservation_id,
            contract_id=wanted.contract_id,
            who=guest.grant_id,
            now=clock.utc_now(),
        )
    return ContractOut.of(accepted)


@router.get("/papers/{kind}", response_class=Response, responses=_PROBLEMS)
async def read_paper(
    kind: PaperKind, desk: DeskOf, guest: Booker, reservation_id: Reservation, language: In = None
) -> Response:
    """The confirmation or the receipt as PDF."""
    made = await service.paper(desk, guest.scope, reservation_id, kind, language=language)
    return sent(made.content, "application/pdf", made.name)
