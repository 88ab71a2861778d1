"""How do staff run events and contests, and what does everybody see of them?"""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request
from pydantic import BaseModel, JsonValue

from cloud_api.accounts.types import Permission
from cloud_api.clients import service as clients
from cloud_api.crm.contests import repository, service
from cloud_api.crm.contests.errors import (
    CategoryTaken,
    ContestFull,
    ContestInvalid,
    EntryRefused,
    EntryState,
    EvidenceRefused,
)
from cloud_api.crm.contests.models import CategoryRow, ContestEntryRow, ContestRow
from cloud_api.crm.contests.schemas import (
    CategoryIn,
    CategoryOut,
    ContestIn,
    ContestOut,
    ContestPatch,
    DecideIn,
    EnterIn,
    EntryNote,
    EntryOut,
    LeadOut,
    PublicContestOut,
    PublicDetailOut,
    WinnerOut,
    WinnersIn,
    WinnersNote,
)
from cloud_api.crm.contests.types import ContestStatus, EntryStatus, Lead
from cloud_api.crm.loyalty.rules import short_name
from cloud_api.files.errors import FileTooLarge, FileTypeRefused, PictureRefused
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import Forbidden, NotFound, TooManyAttempts, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.ids import new_id
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit, source_of

router = room_router(prefix="", tag="contests")

# In the document: no login.
OPEN: dict[str, JsonValue] = {"security": []}
LOOKS_PER_ADDRESS = Limit(attempts=120, window=timedelta(minutes=1))
_PICTURE: dict[str, JsonValue] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

Reader = Annotated[Scope, Depends(allow(Permission.LOYALTY_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.LOYALTY_WRITE))]
Manager = Annotated[Scope, Depends(allow(Permission.LOYALTY_MANAGE))]
Slug = Annotated[str, Path(pattern="^[a-z0-9-]{1,100}$")]


async def _look_limit(request: Request) -> None:
    address = source_of(request.client and request.client.host)
    wait = await backstage(request).throttle.hit("contests", address, LOOKS_PER_ADDRESS)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)


COUNTED = Depends(_look_limit)


@router.get(
    "/public/organisations/{organisation_id}/contests",
    dependencies=[COUNTED],
    openapi_extra=OPEN,
    responses=problem_responses(TooManyAttempts),
)
async def public_contests(
    organisation_id: UUID, session: DbSession, window: PageWindow
) -> Page[PublicContestOut]:
    """Published and closed events, the next first."""
    rows, total = await repository.public_page(session, organisation_id, window)
    return page_of([PublicContestOut.of(row) for row in rows], total=total, window=window)


@router.get(
    "/public/organisations/{organisation_id}/contests/{slug}",
    dependencies=[COUNTED],
    openapi_extra=OPEN,
    responses=problem_responses(NotFound, TooManyAttempts),
)
async def public_contest(organisation_id: UUID, slug: Slug, session: DbSession) -> PublicDetailOut:
    """One event; who won is shown once they were told."""
    row = await _public(session, organisation_id, slug)
    takers = await repository.takers(session, organisation_id, row.id)
    told = [each for each in takers if each.winner and each.notified_at is not None]
    called = await clients.names_of(session, organisation_id, [each.client_id for each in told])
    winners = [
        WinnerOut(name=short_name(called.get(each.client_id, "")), prize=each.prize)
        for each in told
    ]
    seen = PublicContestOut.of(row).model_dump()
    return PublicDetailOut(**seen, participants=len(takers), winners=winners)


@router.get(
    "/public/organisations/{organisation_id}/contests/{slug}/leaderboard",
    dependencies=[COUNTED],
    openapi_extra=OPEN,
    responses=problem_responses(NotFound, TooManyAttempts),
)
async def public_leaderboard(
    organisation_id: UUID, slug: Slug, session: DbSession
) -> list[LeadOut]:
    """Everybody who takes part, zeros too, the most first."""
    row = await _public(session, organisation_id, slug)
    return await _leads(session, organisation_id, await service.leaderboard(session, row))


@router.get("/contest-categories", responses=problem_responses(Forbidden))
async def list_categories(session: DbSession, scope: Reader) -> list[CategoryOut]:
    """The kinds of events."""
    rows = await repository.categories(session, scope.organisation_id)
    return [CategoryOut.of(row) for row in rows]


@router.post(
    "/contest-categories",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(Forbidden, CategoryTaken),
)
async def create_category(wanted: CategoryIn, session: DbSession, scope: Manager) -> CategoryOut:
    """One kind more."""
    row = CategoryRow(id=new_id(), organisation_id=scope.organisation_id, title=wanted.title)
    await repository.save_category(session, row)
    out = CategoryOut.of(row)
    await _on_record(session, scope, Deed.CONTEST_CATEGORY_CREATED, row.id, out)
    return out


@router.put(
    "/contest-categories/{category_id}",
    responses=problem_responses(Forbidden, NotFound, CategoryTaken),
)
async def change_category(
    category_id: UUID, wanted: CategoryIn, session: DbSession, scope: Manager
) -> CategoryOut:
    """Another title."""
    row = await repository.category(session, scope, category_id)
    if row is None:
        raise NotFound
    row.title = wanted.title
    await repository.save_category(session, row)
    out = CategoryOut.of(row)
    await _on_record(session, scope, Deed.CONTEST_CATEGORY_CHANGED, row.id, out)
    return out


@router.get("/contests", responses=problem_responses(Forbidden))
async def list_contests(
    *,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    status: ContestStatus | None = None,
    category_id: UUID | None = None,
    sort: Annotated[
        str | None, Query(pattern=sort_pattern("starts_at", "deadline", "title", "created_at"))
    ] = None,
) -> Page[ContestOut]:
    """Every event, drafts too."""
    rows, total = await repository.page(
        session, scope, window, sort=sort, status=status, category_id=category_id
    )
    return page_of([ContestOut.of(row) for row in rows], total=total, window=window)


@router.post(
    "/contests",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(Forbidden, ContestInvalid),
)
async def create_contest(wanted: ContestIn, session: DbSession, scope: Manager) -> ContestOut:
    """A new event; its slug comes from its title."""
    row = await service.create(session, scope, wanted)
    out = ContestOut.of(row)
    await _on_record(session, scope, Deed.CONTEST_CREATED, row.id, out)
    return out


@router.get("/contests/{contest_id}", responses=problem_responses(Forbidden, NotFound))
async def read_contest(contest_id: UUID, session: DbSession, scope: Reader) -> ContestOut:
    """One event."""
    return ContestOut.of(await service.get(session, scope, contest_id))


@router.patch(
    "/contests/{contest_id}", responses=problem_responses(Forbidden, NotFound, ContestInvalid)
)
async def change_contest(
    contest_id: UUID, patch: ContestPatch, session: DbSession, scope: Manager
) -> ContestOut:
    """Publish, close, cancel, or change what it asks; who is in stays in."""
    row = await service.get(session, scope, contest_id, lock=True)
    out = ContestOut.of(await service.change(session, scope, row, patch))
    await _on_record(session, scope, Deed.CONTEST_CHANGED, row.id, out)
    return out


@router.get("/contests/{contest_id}/leaderboard", responses=problem_responses(NotFound))
async def leaderboard(contest_id: UUID, session: DbSession, scope: Reader) -> list[LeadOut]:
    """As everybody sees it, drafts too."""
    row = await service.get(session, scope, contest_id)
    leads = await service.leaderboard(session, row)
    return await _leads(session, scope.organisation_id, leads)


@router.get("/contests/{contest_id}/registrations", responses=problem_responses(NotFound))
async def list_entries(
    *,
    contest_id: UUID,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    status: EntryStatus | None = None,
    sort: Annotated[str | None, Query(pattern=sort_pattern("registered_at"))] = None,
) -> Page[EntryOut]:
    """Who takes part, wants to, or did."""
    await service.get(session, scope, contest_id)
    rows, total = await repository.entries(
        session, scope, contest_id, window, sort=sort, status=status
    )
    return page_of([EntryOut.of(row) for row in rows], total=total, window=window)


@router.post(
    "/contests/{contest_id}/registrations",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(Forbidden, NotFound, EntryRefused),
)
async def enter(
    contest_id: UUID, wanted: EnterIn, session: DbSession, scope: Writer, clock: ClockOf
) -> EntryOut:
    """Register a client; all reasons against it are told at once."""
    await clients.get_client(session, wanted.client_id, scope)
    row = await service.enter(
        session,
        scope,
        contest_id,
        wanted.client_id,
        facebook_linked=wanted.facebook_linked,
        now=clock.utc_now(),
    )
    return await _entry(session, scope, Deed.CONTEST_ENTERED, row)


@router.put(
    "/contests/{contest_id}/registrations/{entry_id}/evidence",
    openapi_extra=_PICTURE,
    responses=problem_responses(
        NotFound, EntryState, EvidenceRefused, FileTypeRefused, FileTooLarge, PictureRefused
    ),
)
async def show_evidence(
    *,
    contest_id: UUID,
    entry_id: UUID,
    request: Request,
    session: DbSession,
    scope: Writer,
    content_type: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> EntryOut:
    """The request's body is the picture; shown again, the newer one counts."""
    row = await service.entry(session, scope, contest_id, entry_id)
    vault, content = backstage(request).vault, await request.body()
    row = await service.show_evidence(session, vault, row, content, content_type)
    return await _entry(session, scope, Deed.CONTEST_EVIDENCE_KEPT, row)


@router.put(
    "/contests/{contest_id}/registrations/{entry_id}/decision",
    responses=problem_responses(Forbidden, NotFound, EntryState, ContestFull),
)
async def decide(
    *, contest_id: UUID, entry_id: UUID, wanted: DecideIn, session: DbSession, scope: Manager
) -> EntryOut:
    """Approve or reject what was shown."""
    row = await service.decide(
        session, scope, contest_id, entry_id, approve=wanted.approve, reason=wanted.reason
    )
    return await _entry(session, scope, Deed.CONTEST_ENTRY_DECIDED, row)


@router.delete(
    "/contests/{contest_id}/registrations/{entry_id}",
    responses=problem_responses(NotFound, EntryState),
)
async def cancel(
    *, contest_id: UUID, entry_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> EntryOut:
    """Leave before the event; registering again uses the same entry."""
    row = await service.cancel(session, scope, contest_id, entry_id, now=clock.utc_now())
    return await _entry(session, scope, Deed.CONTEST_ENTRY_DECIDED, row)


@router.put("/contests/{contest_id}/winners", responses=problem_responses(NotFound, ContestInvalid))
async def choose_winners(
    contest_id: UUID, wanted: WinnersIn, session: DbSession, scope: Manager
) -> list[EntryOut]:
    """Who wins what; they are told on the contest's day, each once."""
    await service.choose_winners(session, scope, contest_id, wanted.winners)
    ids = [each.registration_id for each in wanted.winners]
    note = WinnersNote(registration_ids=ids)
    await _on_record(session, scope, Deed.CONTEST_WINNERS_CHOSEN, contest_id, note)
    takers = await repository.takers(session, scope.organisation_id, contest_id)
    return [EntryOut.of(row) for row in takers if row.winner]


async def _public(session: Session, organisation_id: UUID, slug: str) -> ContestRow:
    row = await repository.by_slug(session, organisation_id, slug)
    if row is None:
        raise NotFound
    return row


async def _leads(session: Session, organisation_id: UUID, leads: list[Lead]) -> list[LeadOut]:
    called = await clients.names_of(session, organisation_id, [each.client_id for each in leads])
    return [
        LeadOut(
            position=each.position,
            name=short_name(called.get(each.client_id, "")),
            score=each.score,
        )
        for each in leads
    ]


async def _entry(session: Session, scope: Scope, deed: Deed, row: ContestEntryRow) -> EntryOut:
    await _on_record(session, scope, deed, row.id, EntryNote.of(row))
    return EntryOut.of(row)


async def _on_record(
    session: Session, scope: Scope, deed: Deed, object_id: UUID, after: BaseModel
) -> None:
    await audit.record(
        session, scope, action=deed, object_type="contest", object_id=object_id, after=after
    )
