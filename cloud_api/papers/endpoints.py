"""How do staff get a stay's papers?"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response

from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import Forbidden, NotFound, problem_responses
from cloud_api.kit.http import ClockOf, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.papers import service
from cloud_api.papers.almanac import calendar
from cloud_api.papers.cards import service as cards
from cloud_api.papers.contracts.schemas import ContractIn, ContractOut, Language
from cloud_api.papers.doors import DeskOf, allow_waiting, sent
from cloud_api.papers.errors import (
    ContractMissing,
    PaperForNobody,
    PaperNotMade,
    TemplateInvalid,
    TemplateMissing,
)
from cloud_api.papers.types import PaperKind

router = room_router(prefix="/reservations/{reservation_id}", tag="papers")

Reader = Annotated[Scope, Depends(allow_waiting(Permission.RESERVATIONS_READ))]
Writer = Annotated[Scope, Depends(allow_waiting(Permission.RESERVATIONS_WRITE))]
In = Annotated[Language | None, Query(description="the guest's own when none is given")]
_PROBLEMS = problem_responses(NotFound, Forbidden, PaperForNobody, PaperNotMade)


@router.get("/calendar", response_class=Response, responses=_PROBLEMS)
async def read_calendar(
    reservation_id: UUID, desk: DeskOf, scope: Reader, clock: ClockOf, language: In = None
) -> Response:
    """The stay for the guest's own calendar."""
    async with desk.database.reading() as session:
        facts = await service.facts_of(session, scope, reservation_id, language=language)
    return sent(calendar(facts, now=clock.utc_now()), "text/calendar", f"{facts.code}.ics")


@router.get("/card", response_class=Response, responses=_PROBLEMS)
async def read_card(
    reservation_id: UUID,
    desk: DeskOf,
    scope: Reader,
    form: Annotated[Literal["svg", "png"], Query()] = "svg",
) -> Response:
    """The QR code that leads to the public card."""
    async with desk.database.reading() as session:
        facts = await service.facts_of(session, scope, reservation_id)
        vault, public = desk.cabinet.vault, desk.public_url
        if form == "png":
            return sent(
                await cards.png(session, vault, facts, public), "image/png", f"{facts.code}.png"
            )
        drawn = await cards.svg(session, vault, facts, public)
    return sent(drawn.encode(), "image/svg+xml", f"{facts.code}.svg")


@router.post(
    "/papers/contract",
    status_code=201,
    responses=_PROBLEMS | problem_responses(TemplateMissing, TemplateInvalid, NotFound),
)
async def make_contract(
    reservation_id: UUID, wanted: ContractIn, desk: DeskOf, scope: Writer
) -> ContractOut:
    """A contract from the newest version of these words; made again, the newest one counts."""
    return ContractOut.of(await service.make_contract(desk, scope, reservation_id, wanted.template))


@router.get("/papers/contract", responses=problem_responses(ContractMissing))
async def see_contract(reservation_id: UUID, desk: DeskOf, scope: Reader) -> ContractOut:
    """Which contract the booking has, and whether the guest agreed to it."""
    return ContractOut.of(await service.contract_of(desk, scope, reservation_id))


@router.get(
    "/papers/contract/content",
    response_class=Response,
    responses=problem_responses(ContractMissing, PaperNotMade),
)
async def read_contract(reservation_id: UUID, desk: DeskOf, scope: Reader) -> Response:
    """The contract as PDF, exactly as it was made."""
    contract = await service.contract_of(desk, scope, reservation_id)
    content = await service.contract_content(desk, scope.organisation_id, contract)
    return sent(content, "application/pdf", f"contract-{contract.version}.pdf")


@router.get("/papers/{kind}", response_class=Response, responses=_PROBLEMS)
async def read_paper(
    reservation_id: UUID, kind: PaperKind, desk: DeskOf, scope: Reader, language: In = None
) -> Response:
    """The confirmation or the receipt as PDF."""
    made = await service.paper(desk, scope, reservation_id, kind, language=language)
    return sent(made.content, "application/pdf", made.name)
