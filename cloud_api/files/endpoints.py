"""How do staff keep, read and forget files over HTTP?"""

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response

from cloud_api.accounts.types import Permission
from cloud_api.files import repository, service
from cloud_api.files.errors import (
    FileDamaged,
    FilesUnavailable,
    FileTooLarge,
    FileTypeRefused,
    PictureRefused,
)
from cloud_api.files.models import FileRow
from cloud_api.files.pictures import service as pictures
from cloud_api.files.schemas import FileNote, FileOut
from cloud_api.files.service import CabinetOf
from cloud_api.files.types import PICTURES, PRIVATE, FileRef, MediaType, Purpose
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import Forbidden, NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.text import Line

router = room_router(prefix="/files", tag="files")

Reader = Annotated[Scope, Depends(allow(Permission.FILES_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.FILES_WRITE))]
# Staff bring these; papers and exports are made by us.
_BROUGHT: Final = frozenset({Purpose.VOUCHER, Purpose.ID_DOCUMENT, Purpose.PHOTO, Purpose.EVIDENCE})
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_READ_PROBLEMS = problem_responses(NotFound, Forbidden, FilesUnavailable, FileDamaged)


@router.post(
    "",
    status_code=201,
    dependencies=[IDEMPOTENT],
    openapi_extra=_BODY,
    responses=problem_responses(Forbidden, FileTypeRefused, FileTooLarge, PictureRefused),
)
async def keep_file(
    *,
    request: Request,
    session: DbSession,
    scope: Writer,
    cabinet: CabinetOf,
    purpose: Purpose,
    name: Annotated[Line, Query(description="what it is called")],
    reservation_id: UUID | None = None,
    client_id: UUID | None = None,
    keep_days: Annotated[int | None, Query(ge=1, le=3650, description="none: for good")] = None,
    content_type: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> FileOut:
    """Keep the request's body; its first bytes decide what it is."""
    if purpose not in _BROUGHT:
        raise FileTypeRefused("these are made here, not brought")
    _refuse_private(scope, purpose)
    kept = await service.keep(
        session,
        cabinet.vault,
        organisation_id=scope.organisation_id,
        content=await request.body(),
        media_type=content_type,
        purpose=purpose,
        delete_after=None if keep_days is None else timedelta(days=keep_days),
        name=name,
        client_id=client_id,
        reservation_id=reservation_id,
    )
    await _on_record(session, scope, Deed.FILE_KEPT, kept)
    return FileOut.of(kept)


@router.get("", responses=problem_responses(Forbidden))
async def list_files(
    *,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    purpose: Purpose | None = None,
    reservation_id: UUID | None = None,
    client_id: UUID | None = None,
    sort: Annotated[str | None, Query(pattern=sort_pattern("created_at", "size"))] = None,
) -> Page[FileOut]:
    """What is kept, without those kinds the caller may not see."""
    seen = [each for each in Purpose if _may_see(scope, each) and purpose in {None, each}]
    rows, total = await repository.page(
        session,
        scope,
        window,
        sort=sort,
        purposes=seen,
        reservation_id=reservation_id,
        client_id=client_id,
    )
    return page_of([FileOut.of(row) for row in rows], total=total, window=window)


@router.get("/{file_id}", responses=problem_responses(NotFound))
async def read_file(file_id: UUID, session: DbSession, scope: Reader) -> FileOut:
    """What is known of one file."""
    return FileOut.of(await _mine(session, scope, file_id))


@router.get("/{file_id}/content", response_class=Response, responses=_READ_PROBLEMS)
async def read_content(
    file_id: UUID, session: DbSession, scope: Reader, cabinet: CabinetOf
) -> Response:
    """The file itself; each look at a private one is on record before it is shown."""
    row = await _mine(session, scope, file_id)
    if row.purpose in PRIVATE:
        await _on_record(session, scope, Deed.FILE_SHOWN, row)
    opened = await service.read(
        session, cabinet, organisation_id=scope.organisation_id, file_id=file_id
    )
    return download(opened.content, opened.ref.media_type, opened.ref.name)


@router.get("/{file_id}/thumbnail", response_class=Response, responses=_READ_PROBLEMS)
async def read_thumbnail(
    file_id: UUID, session: DbSession, scope: Reader, cabinet: CabinetOf
) -> Response:
    """A picture in 400 x 300 WebP."""
    row = await _mine(session, scope, file_id)
    if row.media_type not in PICTURES:
        raise NotFound
    if row.purpose in PRIVATE:
        await _on_record(session, scope, Deed.FILE_SHOWN, row)
    opened = await service.read(
        session, cabinet, organisation_id=scope.organisation_id, file_id=file_id
    )
    small = await pictures.thumbnail(opened.content, opened.ref.media_type)
    return download(small, MediaType.WEBP, "thumbnail.webp")


@router.delete("/{file_id}", status_code=204, responses=problem_responses(NotFound, Forbidden))
async def forget_file(file_id: UUID, session: DbSession, scope: Writer) -> None:
    """Make it unreadable now; its place in the store is cleared soon after."""
    row = await _mine(session, scope, file_id)
    await _on_record(session, scope, Deed.FILE_FORGOTTEN, row)
    await service.forget(session, organisation_id=scope.organisation_id, file_ids=[file_id])


def download(content: bytes, media_type: MediaType, name: str) -> Response:
    """An answer a browser saves and never runs; RFC 6266, RFC 8187."""
    return Response(
        content,
        media_type=media_type.value,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "content-security-policy": "default-src 'none'; sandbox",
        },
    )


async def _mine(session: Session, scope: Scope, file_id: UUID) -> FileRow:
    row = await repository.find(session, scope, file_id)
    if row is None:
        raise NotFound
    _refuse_private(scope, row.purpose)
    return row


def _may_see(scope: Scope, purpose: Purpose) -> bool:
    return purpose not in PRIVATE or scope.may(Permission.FILES_PRIVATE)


def _refuse_private(scope: Scope, purpose: Purpose) -> None:
    if not _may_see(scope, purpose):
        raise Forbidden(extra={"permission": Permission.FILES_PRIVATE})


async def _on_record(session: Session, scope: Scope, deed: Deed, file: FileRef | FileRow) -> None:
    await audit.record(
        session,
        scope,
        action=deed,
        object_type="file",
        object_id=file.id,
        after=FileNote(
            purpose=file.purpose,
            media_type=file.media_type,
            size=file.size,
            reservation_id=file.reservation_id,
        ),
    )
