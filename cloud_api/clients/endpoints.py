"""How do people at the desk keep the list of guests over HTTP?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from cloud_api.accounts.types import Permission
from cloud_api.clients import repository, service
from cloud_api.clients.errors import ContactInvalid, ContactTaken
from cloud_api.clients.schemas import ClientIn, ClientOut, ClientPatch, ContactPointIn
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.text import OptionalLine

router = room_router(prefix="/clients", tag="clients")

Reader = Annotated[Scope, Depends(allow(Permission.CLIENTS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.CLIENTS_WRITE))]


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
    archived: Annotated[bool, Query(description="archived ones too")] = False,
) -> Page[ClientOut]:
    """The people we know."""
    phone = await service.phone_meant(session, scope, query)
    rows, total = await repository.page(
        session, scope, window, sort=sort, query=query, phone=phone, archived=archived
    )
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
