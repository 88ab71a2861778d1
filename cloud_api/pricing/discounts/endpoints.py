"""How do people at the desk keep discounts and codes over HTTP, and try them on a stay?"""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.text import OptionalLine
from cloud_api.pricing.discounts import management, repository, service, shown
from cloud_api.pricing.discounts.errors import CodesUnusable, CodeTaken, NameTaken, UnknownProperty
from cloud_api.pricing.discounts.models import AutomaticRow, CodeRow, DynamicRow, ReferralRow
from cloud_api.pricing.discounts.schemas import (
    AutomaticIn,
    AutomaticOut,
    AutomaticPatch,
    CodeIn,
    CodeOut,
    CodePatch,
    DiscountingOut,
    DynamicCodeIn,
    DynamicIn,
    DynamicOut,
    DynamicPatch,
    ReferralIn,
    ReferralOut,
    SimpleIn,
    TrialIn,
)
from cloud_api.pricing.discounts.types import CodeOrigin

router = room_router(prefix="", tag="discounts")

Reader = Annotated[Scope, Depends(allow(Permission.DISCOUNTS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.DISCOUNTS_WRITE))]
CodeSort = Annotated[str | None, Query(pattern=sort_pattern("code", "created_at", "valid_until"))]


@router.get("/discount-codes")
async def list_codes(
    *,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    query: Annotated[OptionalLine | None, Query(description="part of a code or its note")] = None,
    active: bool | None = None,
    origin: CodeOrigin | None = None,
    property_id: UUID | None = None,
    sort: CodeSort = None,
) -> Page[CodeOut]:
    """The codes, newest first."""
    wanted = repository.Filter(query, active, origin, property_id)
    rows, total = await repository.page_of_codes(session, scope, window, sort=sort, wanted=wanted)
    return page_of(await _codes(session, scope, rows), total=total, window=window)


@router.post(
    "/discount-codes",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(CodeTaken, UnknownProperty),
)
async def create_code(wanted: CodeIn, session: DbSession, scope: Writer) -> CodeOut:
    """A new code."""
    return await _code(session, scope, await management.make_code(session, scope, wanted))


@router.post(
    "/discount-codes/simple",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(CodesUnusable),
)
async def create_simple_code(
    wanted: SimpleIn, session: DbSession, scope: Writer, clock: ClockOf
) -> CodeOut:
    """A code for one use: `SIMPLE` and six letters or digits."""
    row = await management.make_simple_code(session, scope, wanted, today=clock.utc_now().date())
    return await _code(session, scope, row)


@router.post(
    "/discount-codes/dynamic",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, CodesUnusable),
)
async def create_dynamic_code(
    wanted: DynamicCodeIn, session: DbSession, scope: Writer, clock: ClockOf
) -> CodeOut:
    """A code made as a configuration says."""
    today = clock.utc_now().date()
    row = await management.make_dynamic_code(session, scope, wanted.config_name, today=today)
    return await _code(session, scope, row)


@router.get("/discount-codes/{code_id}", responses=problem_responses(NotFound))
async def read_code(code_id: UUID, session: DbSession, scope: Reader) -> CodeOut:
    """One code."""
    return await _code(session, scope, await management.read(session, scope, CodeRow, code_id))


@router.patch("/discount-codes/{code_id}", responses=problem_responses(NotFound, UnknownProperty))
async def change_code(
    code_id: UUID, patch: CodePatch, session: DbSession, scope: Writer
) -> CodeOut:
    """Change what it gives and to whom; quotes made before stand as they are."""
    row = await management.change(session, scope, CodeRow, code_id, patch)
    return await _code(session, scope, row)


@router.delete("/discount-codes/{code_id}", status_code=204, responses=problem_responses(NotFound))
async def archive_code(code_id: UUID, session: DbSession, scope: Writer, clock: ClockOf) -> None:
    """Put away; the word is free for a new code."""
    await management.archive(session, scope, CodeRow, code_id, now=clock.utc_now())


@router.get("/dynamic-code-configs")
async def list_dynamic(session: DbSession, scope: Reader, window: PageWindow) -> Page[DynamicOut]:
    """How codes are made on demand."""
    rows, total = await repository.page(session, scope, DynamicRow, window)
    return page_of([shown.dynamic(row) for row in rows], total=total, window=window)


@router.post(
    "/dynamic-code-configs",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NameTaken, UnknownProperty),
)
async def create_dynamic(wanted: DynamicIn, session: DbSession, scope: Writer) -> DynamicOut:
    """A new way of making codes."""
    return shown.dynamic(await management.make_dynamic(session, scope, wanted))


@router.patch(
    "/dynamic-code-configs/{config_id}",
    responses=problem_responses(NotFound, NameTaken, UnknownProperty),
)
async def change_dynamic(
    config_id: UUID, patch: DynamicPatch, session: DbSession, scope: Writer
) -> DynamicOut:
    """Change how codes are made from now on."""
    return shown.dynamic(await management.change(session, scope, DynamicRow, config_id, patch))


@router.delete(
    "/dynamic-code-configs/{config_id}", status_code=204, responses=problem_responses(NotFound)
)
async def archive_dynamic(
    config_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> None:
    """Make no such codes any more; those that were made live on."""
    await management.archive(session, scope, DynamicRow, config_id, now=clock.utc_now())


@router.get("/automatic-discounts")
async def list_automatic(
    session: DbSession, scope: Reader, window: PageWindow
) -> Page[AutomaticOut]:
    """The discounts nobody has to ask for."""
    rows, total = await repository.page(session, scope, AutomaticRow, window)
    return page_of([shown.automatic(row) for row in rows], total=total, window=window)


@router.post("/automatic-discounts", status_code=201, dependencies=[IDEMPOTENT])
async def create_automatic(wanted: AutomaticIn, session: DbSession, scope: Writer) -> AutomaticOut:
    """A new one."""
    return shown.automatic(await management.make_automatic(session, scope, wanted))


@router.get("/automatic-discounts/{discount_id}", responses=problem_responses(NotFound))
async def read_automatic(discount_id: UUID, session: DbSession, scope: Reader) -> AutomaticOut:
    """One of them."""
    return shown.automatic(await management.read(session, scope, AutomaticRow, discount_id))


@router.patch("/automatic-discounts/{discount_id}", responses=problem_responses(NotFound))
async def change_automatic(
    discount_id: UUID, patch: AutomaticPatch, session: DbSession, scope: Writer
) -> AutomaticOut:
    """Change what it gives and when."""
    return shown.automatic(
        await management.change(session, scope, AutomaticRow, discount_id, patch)
    )


@router.delete(
    "/automatic-discounts/{discount_id}", status_code=204, responses=problem_responses(NotFound)
)
async def archive_automatic(
    discount_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> None:
    """Give it no more."""
    await management.archive(session, scope, AutomaticRow, discount_id, now=clock.utc_now())


@router.get("/referral-discounts")
async def list_referral(session: DbSession, scope: Reader, window: PageWindow) -> Page[ReferralOut]:
    """What each level of a referrer gives those they send."""
    rows, total = await repository.page(session, scope, ReferralRow, window)
    return page_of([shown.referral(row) for row in rows], total=total, window=window)


@router.put("/referral-discounts/{achievement_id}")
async def set_referral(
    achievement_id: UUID, wanted: ReferralIn, session: DbSession, scope: Writer
) -> ReferralOut:
    """What this level gives."""
    return shown.referral(await management.set_referral(session, scope, achievement_id, wanted))


@router.delete(
    "/referral-discounts/{achievement_id}", status_code=204, responses=problem_responses(NotFound)
)
async def drop_referral(
    achievement_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> None:
    """This level gives nothing any more."""
    await management.drop_referral(session, scope, achievement_id, now=clock.utc_now())


@router.post("/discounts/trial")
async def try_discounts(trial: TrialIn, session: DbSession, scope: Reader) -> DiscountingOut:
    """What this stay would get, and why each other discount not. Counts nothing."""
    found = await service.discount_for(session, scope.organisation_id, trial.asked())
    return DiscountingOut.model_validate(found)


async def _code(session: DbSession, scope: Scope, row: CodeRow) -> CodeOut:
    return (await _codes(session, scope, [row]))[0]


async def _codes(session: DbSession, scope: Scope, rows: Sequence[CodeRow]) -> list[CodeOut]:
    used = await repository.uses_of(session, scope, [row.id for row in rows])
    return [shown.code(row, used=used.get(row.id, 0)) for row in rows]
