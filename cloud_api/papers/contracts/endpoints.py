"""How does an organisation write the words of its contracts?"""

from typing import Annotated

from fastapi import Depends, Query

from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import Forbidden, problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.papers.contracts import repository, service
from cloud_api.papers.contracts.schemas import TemplateIn, TemplateOut
from cloud_api.papers.errors import TemplateInvalid

router = room_router(prefix="/contract-templates", tag="papers")

Reader = Annotated[Scope, Depends(allow(Permission.RESERVATIONS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.PAPERS_WRITE))]


@router.post(
    "",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(Forbidden, TemplateInvalid),
)
async def write_template(wanted: TemplateIn, session: DbSession, scope: Writer) -> TemplateOut:
    """The next version of these words; earlier ones stay with the contracts made from them."""
    return TemplateOut.of(await service.write(session, scope, wanted))


@router.get("", responses=problem_responses(Forbidden))
async def list_templates(
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    sort: Annotated[
        str | None, Query(pattern=sort_pattern("name", "version", "written_at"))
    ] = None,
) -> Page[TemplateOut]:
    """Every version of every contract's words."""
    rows, total = await repository.page(session, scope, window, sort=sort)
    return page_of([TemplateOut.of(row) for row in rows], total=total, window=window)
