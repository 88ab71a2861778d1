"""How is any kind of entry listed, made, read, changed and put into the archive over HTTP?

All kinds are kept alike; what each is made of is told where that kind is at home.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from cloud_api.kit.errors import InvalidRequest, NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.pricing import management, repository
from cloud_api.pricing.endpoints.callers import Reader, ShowArchived, Sort, Writer
from cloud_api.pricing.errors import PriceExists
from cloud_api.pricing.models import PriceEntry
from cloud_api.pricing.schemas import EntryPatch


@dataclass(frozen=True, slots=True)
class Kind[M: PriceEntry, In: BaseModel, Out: BaseModel, Patch: EntryPatch]:
    """One kind of entry: `one` and `many` name its paths and operations.

    `within` is the column that filters its list.
    """

    one: str
    many: str
    about: str
    model: type[M]
    wanted: type[In]
    out: type[Out]
    page: type[Page[Out]]
    patch: type[Patch]
    within: str | None = "property_id"

    @property
    def path(self) -> str:
        """Where all of them are."""
        return f"/{self.many.replace('_', '-')}"

    @property
    def of_one(self) -> str:
        """Where one of them is."""
        return f"{self.path}/{{{self.one}_id}}"


def keep[M: PriceEntry, In: BaseModel, Out: BaseModel, Patch: EntryPatch](
    router: APIRouter, kind: Kind[M, In, Out, Patch]
) -> None:
    """Give the router this kind's five operations."""
    _list(router, kind)
    _create(router, kind)
    _read(router, kind)
    _change(router, kind)
    _archive(router, kind)


def _list[M: PriceEntry, In: BaseModel, Out: BaseModel, Patch: EntryPatch](
    router: APIRouter, kind: Kind[M, In, Out, Patch]
) -> None:
    async def list_them(
        *,
        session: DbSession,
        scope: Reader,
        window: PageWindow,
        where: Annotated[dict[str, UUID | None], Depends(_filter(kind.within))],
        sort: Sort = None,
        archived: ShowArchived = False,
    ) -> Page[Out]:
        rows, total = await repository.page(
            session, kind.model, scope, window, sort=sort, archived=archived, where=where
        )
        items = [kind.out.model_validate(row) for row in rows]
        return page_of(items, total=total, window=window)

    router.get(
        kind.path,
        name=f"list_{kind.many}",
        description=kind.about,
        response_model=kind.page,
    )(list_them)


def _create[M: PriceEntry, In: BaseModel, Out: BaseModel, Patch: EntryPatch](
    router: APIRouter, kind: Kind[M, In, Out, Patch]
) -> None:
    async def create_it(wanted: In, session: DbSession, scope: Writer) -> Out:
        return kind.out.model_validate(await management.create(session, scope, kind.model, wanted))

    # Read at run time: the framework reads the body as this kind's own.
    create_it.__annotations__["wanted"] = kind.wanted
    router.post(
        kind.path,
        status_code=201,
        name=f"create_{kind.one}",
        description="A new one.",
        response_model=kind.out,
        dependencies=[IDEMPOTENT],
        responses=problem_responses(NotFound, PriceExists),
    )(create_it)


def _read[M: PriceEntry, In: BaseModel, Out: BaseModel, Patch: EntryPatch](
    router: APIRouter, kind: Kind[M, In, Out, Patch]
) -> None:
    async def read_it(
        entry_id: Annotated[UUID, Path(alias=f"{kind.one}_id")], session: DbSession, scope: Reader
    ) -> Out:
        return kind.out.model_validate(await management.read(session, scope, kind.model, entry_id))

    router.get(
        kind.of_one,
        name=f"read_{kind.one}",
        description="One of them, also from the archive.",
        response_model=kind.out,
        responses=problem_responses(NotFound),
    )(read_it)


def _change[M: PriceEntry, In: BaseModel, Out: BaseModel, Patch: EntryPatch](
    router: APIRouter, kind: Kind[M, In, Out, Patch]
) -> None:
    async def change_it(
        entry_id: Annotated[UUID, Path(alias=f"{kind.one}_id")],
        patch: Patch,
        session: DbSession,
        scope: Writer,
        clock: ClockOf,
    ) -> Out:
        now = clock.utc_now()
        row = await management.change(session, scope, kind.model, entry_id, patch, now=now)
        return kind.out.model_validate(row)

    change_it.__annotations__["patch"] = kind.patch
    router.patch(
        kind.of_one,
        name=f"change_{kind.one}",
        description="Change it; `archived` puts it into the archive or takes it back.",
        response_model=kind.out,
        responses=problem_responses(NotFound, PriceExists, InvalidRequest),
    )(change_it)


def _archive[M: PriceEntry, In: BaseModel, Out: BaseModel, Patch: EntryPatch](
    router: APIRouter, kind: Kind[M, In, Out, Patch]
) -> None:
    async def archive_it(
        entry_id: Annotated[UUID, Path(alias=f"{kind.one}_id")],
        session: DbSession,
        scope: Writer,
        clock: ClockOf,
    ) -> None:
        now, patch = clock.utc_now(), EntryPatch(archived=True)
        await management.change(session, scope, kind.model, entry_id, patch, now=now)

    router.delete(
        kind.of_one,
        status_code=204,
        name=f"archive_{kind.one}",
        description="Put it into the archive; quotes that were given keep what they were made of.",
        responses=problem_responses(NotFound),
    )(archive_it)


def _filter(within: str | None) -> Callable[..., Awaitable[dict[str, UUID | None]]]:
    async def everything() -> dict[str, UUID | None]:
        return {}

    if within is None:
        return everything

    async def of_one(
        value: Annotated[UUID | None, Query(alias=within)] = None,
    ) -> dict[str, UUID | None]:
        return {within: value}

    return of_one
