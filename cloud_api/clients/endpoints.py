"""How do people at the desk keep the list of guests over HTTP?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from cloud_api.accounts.types import Permission
from cloud_api.clients import repository, service
from cloud_api.clients.errors import ContactInvalid, ContactTaken, DocumentTaken
from cloud_api.clients.repository import Filter
from cloud_api.clients.schemas import (
    ClientIn,
    ClientOut,
    ClientPatch,
    ContactPointIn,
    DocumentIO,
    LookupOut,
)
from cloud_api.clients.tiers import service as tiers
from cloud_api.clients.types import Tier
from cloud_api.kit.errors import Forbidden, NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.text import OptionalLine

router = room_router(prefix="/clients", tag="clients")

Reader = Annotated[Scope, Depends(allow(Permission.CLIENTS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.CLIENTS_WRITE))]
Confidant = Annotated[Scope, Depends(allow(Permission.FILES_PRIVATE))]
Words = Annotated[OptionalLine | None, Query()]
Visits = Annotated[int | None, Query(ge=0, le=1_000_000)]


@router.get("")
async def list_clients(
    *,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    query: Annotated[
        OptionalLine | None,
        Query(description="part of a name or mail address, or a phone in any form"),
    ] = None,
    sort: Annotated[str | None, Query(pattern=sort_pattern("name", "created_at", "visits"))] = None,
    name: Words = None,
    contact: Words = None,
    tier: Tier | None = None,
    visits_from: Visits = None,
    visits_until: Visits = None,
    archived: Annotated[bool, Query(description="archived ones too")] = False,
) -> Page[ClientOut]:
    """The people we know."""
    wanted = Filter(
        query=query,
        phone=await service.phone_meant(session, scope, query),
        name=name,
        contact=contact,
        contact_phone=await service.phone_meant(session, scope, contact),
        tier=tier,
        visits_from=visits_from,
        visits_until=visits_until,
        archived=archived,
    )
    bounds = await tiers.settings_of(session, scope.organisation_id)
    rows, total = await repository.page(session, scope, window, wanted, bounds, sort=sort)
    return page_of(await service.outs(session, scope, rows), total=total, window=window)


@router.post(
    "",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(ContactInvalid, ContactTaken),
)
async def create_client(wanted: ClientIn, session: DbSession, scope: Writer) -> ClientOut:
    """Somebody new."""
    return await service.create(session, scope, wanted)


@router.get("/lookup", responses=problem_responses(NotFound, ContactInvalid))
async def look_up_client(
    session: DbSession,
    scope: Reader,
    phone: Annotated[str, Query(min_length=3, max_length=60, description="in any form")],
    property_id: Annotated[
        UUID | None, Query(description="whose country a number without + is of")
    ] = None,
) -> LookupOut:
    """Who has this phone number?"""
    return await service.look_up(session, scope, phone, property_id)


@router.get("/{client_id}", responses=problem_responses(NotFound))
async def read_client(client_id: UUID, session: DbSession, scope: Reader) -> ClientOut:
    """One person, also from the archive."""
    return await service.read(session, scope, client_id)


@router.patch("/{client_id}", responses=problem_responses(NotFound))
async def change_client(
    client_id: UUID, patch: ClientPatch, session: DbSession, scope: Writer, clock: ClockOf
) -> ClientOut:
    """Change name, language, notes; put into the archive or take back."""
    return await service.change(session, scope, client_id, patch, now=clock.utc_now())


@router.delete("/{client_id}", status_code=204, responses=problem_responses(NotFound))
async def archive_client(
    client_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> None:
    """Put into the archive."""
    await service.change(session, scope, client_id, ClientPatch(archived=True), now=clock.utc_now())


@router.post(
    "/{client_id}/contacts",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, ContactInvalid, ContactTaken),
)
async def add_contact(
    client_id: UUID, wanted: ContactPointIn, session: DbSession, scope: Writer
) -> ClientOut:
    """One more way to reach them."""
    return await service.add_contact(session, scope, client_id, wanted)


@router.delete(
    "/{client_id}/contacts/{contact_id}", status_code=204, responses=problem_responses(NotFound)
)
async def remove_contact(
    client_id: UUID, contact_id: UUID, session: DbSession, scope: Writer
) -> None:
    """One way less."""
    await service.remove_contact(session, scope, client_id, contact_id)


@router.get("/{client_id}/document", responses=problem_responses(NotFound, Forbidden))
async def read_document(
    request: Request, client_id: UUID, session: DbSession, scope: Confidant
) -> DocumentIO:
    """The person's document with its number; who asked is on record."""
    return await service.document_of(session, scope, backstage(request).vault, client_id)


@router.put("/{client_id}/document", responses=problem_responses(NotFound, DocumentTaken))
async def keep_document(
    request: Request, client_id: UUID, wanted: DocumentIO, session: DbSession, scope: Writer
) -> ClientOut:
    """Keep type and number; the pair is one person's."""
    return await service.set_document(session, scope, backstage(request).vault, client_id, wanted)


@router.delete("/{client_id}/document", status_code=204, responses=problem_responses(NotFound))
async def forget_document(
    request: Request, client_id: UUID, session: DbSession, scope: Writer
) -> None:
    """Forget it."""
    await service.set_document(session, scope, backstage(request).vault, client_id, None)
