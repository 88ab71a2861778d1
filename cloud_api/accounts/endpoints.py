"""How do people and programs log in, and owners keep the list of them, over HTTP?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from cloud_api.accounts import management, repository, service
from cloud_api.accounts.errors import EmailTaken, LastOwner, RoleOutOfReach, WrongCredentials
from cloud_api.accounts.schemas import (
    ApiKeyIn,
    ApiKeyMadeOut,
    ApiKeyOut,
    AuditOut,
    LoginIn,
    MeOut,
    OrganisationOut,
    OrganisationPatch,
    PasswordIn,
    SessionOut,
    StaffIn,
    StaffOut,
    StaffPatch,
)
from cloud_api.accounts.types import Permission, Role
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import NotFound, TooManyAttempts, problem_responses
from cloud_api.kit.http import (
    IDEMPOTENT,
    ClockOf,
    CurrentScope,
    DbSession,
    allow,
    backstage,
    room_router,
)
from cloud_api.kit.paging import Page, PageWindow, ordering, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import source_of

router = room_router(prefix="", tag="accounts")

StaffReader = Annotated[Scope, Depends(allow(Permission.STAFF_READ))]
StaffWriter = Annotated[Scope, Depends(allow(Permission.STAFF_WRITE))]
KeyReader = Annotated[Scope, Depends(allow(Permission.API_KEYS_READ))]
KeyWriter = Annotated[Scope, Depends(allow(Permission.API_KEYS_WRITE))]
OrganisationReader = Annotated[Scope, Depends(allow(Permission.ORGANISATION_READ))]
OrganisationWriter = Annotated[Scope, Depends(allow(Permission.ORGANISATION_WRITE))]
StaffSort = Annotated[
    str | None, Query(pattern=sort_pattern("name", "email", "role", "created_at"))
]
AuditReader = Annotated[Scope, Depends(allow(Permission.AUDIT_READ))]


@router.post(
    "/sessions", status_code=201, responses=problem_responses(WrongCredentials, TooManyAttempts)
)
async def log_in(
    request: Request, wanted: LoginIn, session: DbSession, clock: ClockOf
) -> SessionOut:
    """Log in with mail address and password; send the token as `Authorization: Bearer`."""
    opened, person = await service.log_in(
        session,
        backstage(request).throttle,
        email=wanted.email,
        password=wanted.password,
        address=source_of(request.client and request.client.host),
        now=clock.utc_now(),
    )
    return SessionOut(
        token=opened.token, expires_at=opened.expires_at, staff=StaffOut.model_validate(person)
    )


@router.delete("/sessions/current", status_code=204)
async def log_out(request: Request, session: DbSession, scope: CurrentScope) -> None:
    """End this session."""
    await service.log_out(session, scope, request.headers.get("authorization", ""))


@router.get("/me")
async def me(scope: CurrentScope) -> MeOut:
    """Who am I, and what may I do?"""
    return MeOut(
        organisation_id=scope.organisation_id,
        kind=scope.kind,
        principal_id=scope.principal_id,
        role=Role(scope.role),
        permissions=sorted(Permission(each) for each in scope.permissions),
    )


@router.post("/me/password", status_code=204, responses=problem_responses(WrongCredentials))
async def change_password(
    request: Request, wanted: PasswordIn, session: DbSession, scope: CurrentScope
) -> None:
    """Change my password; my other sessions end."""
    await service.change_password(
        session,
        scope,
        current=wanted.current,
        new=wanted.new,
        header=request.headers.get("authorization", ""),
    )


@router.get("/staff")
async def list_staff(
    session: DbSession, scope: StaffReader, window: PageWindow, sort: StaffSort = None
) -> Page[StaffOut]:
    """The people who work here."""
    order = ordering(sort, repository.STAFF_SORTING, default="name", last=repository.STAFF_LAST)
    rows, total = await repository.staff_page(session, scope, window, order)
    return page_of([StaffOut.model_validate(row) for row in rows], total=total, window=window)


@router.post(
    "/staff",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(EmailTaken, RoleOutOfReach),
)
async def create_staff(wanted: StaffIn, session: DbSession, scope: StaffWriter) -> StaffOut:
    """Add somebody."""
    return StaffOut.model_validate(await management.hire(session, scope, wanted))


@router.get("/staff/{staff_id}", responses=problem_responses(NotFound))
async def read_staff(staff_id: UUID, session: DbSession, scope: StaffReader) -> StaffOut:
    """One of them."""
    return StaffOut.model_validate(await management.person_of(session, scope, staff_id))


@router.patch("/staff/{staff_id}", responses=problem_responses(NotFound, RoleOutOfReach, LastOwner))
async def change_staff(
    staff_id: UUID, patch: StaffPatch, session: DbSession, scope: StaffWriter
) -> StaffOut:
    """Change name, role, password; dismiss or take back."""
    return StaffOut.model_validate(await management.change_staff(session, scope, staff_id, patch))


@router.delete(
    "/staff/{staff_id}",
    status_code=204,
    responses=problem_responses(NotFound, RoleOutOfReach, LastOwner),
)
async def dismiss_staff(staff_id: UUID, session: DbSession, scope: StaffWriter) -> None:
    """Dismiss somebody; the record of what they did stays."""
    await management.change_staff(session, scope, staff_id, StaffPatch(active=False))


@router.get("/api-keys")
async def list_keys(session: DbSession, scope: KeyReader, window: PageWindow) -> Page[ApiKeyOut]:
    """The keys of programs, revoked ones too."""
    rows, total = await repository.keys_page(session, scope, window)
    return page_of([ApiKeyOut.model_validate(row) for row in rows], total=total, window=window)


@router.post(
    "/api-keys",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(RoleOutOfReach),
)
async def create_key(
    wanted: ApiKeyIn, session: DbSession, scope: KeyWriter, clock: ClockOf
) -> ApiKeyMadeOut:
    """Make a key; its token is shown this once, and again under the same `Idempotency-Key`."""
    row, token = await management.make_key(
        session, scope, name=wanted.name, role=wanted.role, clock=clock
    )
    return ApiKeyMadeOut(**ApiKeyOut.model_validate(row).model_dump(), token=token)


@router.delete(
    "/api-keys/{key_id}", status_code=204, responses=problem_responses(NotFound, RoleOutOfReach)
)
async def revoke_key(key_id: UUID, session: DbSession, scope: KeyWriter, clock: ClockOf) -> None:
    """Revoke a key, at once and for good."""
    await management.revoke_key(session, scope, key_id, clock=clock)


@router.get("/organisation")
async def read_organisation(session: DbSession, scope: OrganisationReader) -> OrganisationOut:
    """The business."""
    return OrganisationOut.model_validate(await repository.organisation(session, scope))


@router.patch("/organisation")
async def rename_organisation(
    patch: OrganisationPatch, session: DbSession, scope: OrganisationWriter
) -> OrganisationOut:
    """Rename it."""
    return OrganisationOut.model_validate(
        await management.rename_organisation(session, scope, patch.name)
    )


@router.get("/audit")
async def list_audit(
    session: DbSession,
    scope: AuditReader,
    window: PageWindow,
    object_id: Annotated[str | None, Query(max_length=100, pattern=r"^[!-~]+$")] = None,
    action: Deed | None = None,
) -> Page[AuditOut]:
    """What staff did, newest first."""
    rows, total = await repository.audit_page(
        session, scope, window, object_id=object_id, action=action
    )
    return page_of([AuditOut.model_validate(row) for row in rows], total=total, window=window)
