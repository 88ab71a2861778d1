"""How is any kind of place listed, read, changed and put into the archive over HTTP?

All kinds are kept alike; what is made of each, and with what, is told where that kind is at home.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound, Problem, problem_responses
from cloud_api.kit.http import ClockOf, DbSession
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.properties import management, repository
from cloud_api.properties.endpoints.callers import Reader, ShowArchived, Sort, Writer
from cloud_api.properties.models import Place
from cloud_api.properties.schemas import PlacePatch

type Show[M: Place, Out: BaseModel] = Callable[[Session, Sequence[M]], Awaitable[list[Out]]]


@dataclass(frozen=True, slots=True)
class Kind[M: Place, Out: BaseModel, Patch: PlacePatch]:
    """One kind of place: `one` and `many` name its paths and operations.

    `within` is the column that filters its list; `refusals` are a change's, beside NotFound, and
    `kept` those of putting it into the archive.
    """

    one: str
    many: str
    about: str
    model: type[M]
    out: type[Out]
    page: type[Page[Out]]
    patch: type[Patch]
    show: Show[M, Out]
    within: str | None = "house_id"
    refusals: tuple[type[Problem], ...] = ()
    kept: tuple[type[Problem], ...] = ()


def as_stored[Out: BaseModel](out: type[Out]) -> Show[Place, Out]:
    """Rows shown as they are stored."""

    async def show(_session: Session, rows: Sequence[Place]) -> list[Out]:
        return [out.model_validate(row) for row in rows]

    return show


def keep[M: Place, Out: BaseModel, Patch: PlacePatch](
    router: APIRouter, kind: Kind[M, Out, Patch]
) -> None:
    """Give the router this kind's four operations."""
    _list(router, kind)
    _read(router, kind)
    _change(router, kind)
    _archive(router, kind)


def _list[M: Place, Out: BaseModel, Patch: PlacePatch](
    router: APIRouter, kind: Kind[M, Out, Patch]
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
        return page_of(await kind.show(session, rows), total=total, window=window)

    router.get(
        f"/{kind.many}",
        name=f"list_{kind.many}",
        description=kind.about,
        response_model=kind.page,
    )(list_them)


def _read[M: Place, Out: BaseModel, Patch: PlacePatch](
    router: APIRouter, kind: Kind[M, Out, Patch]
) -> None:
    async def read_it(
        place_id: Annotated[UUID, Path(alias=f"{kind.one}_id")], session: DbSession, scope: Reader
    ) -> Out:
        row = await management.read(session, scope, kind.model, place_id)
        return (await kind.show(session, [row]))[0]

    router.get(
        _path(kind),
        name=f"read_{kind.one}",
        description="One of them, also from the archive.",
        response_model=kind.out,
        responses=problem_responses(NotFound),
    )(read_it)


def _change[M: Place, Out: BaseModel, Patch: PlacePatch](
    router: APIRouter, kind: Kind[M, Out, Patch]
) -> None:
    async def change_it(
        place_id: Annotated[UUID, Path(alias=f"{kind.one}_id")],
        patch: Patch,
        session: DbSession,
        scope: Writer,
        clock: ClockOf,
    ) -> Out:
        now = clock.utc_now()
        row = await management.change(session, scope, kind.model, place_id, patch, now=now)
        return (await kind.show(session, [row]))[0]

    # Read at run time: the framework reads the body as this kind's own patch.
    change_it.__annotations__["patch"] = kind.patch
    router.patch(
        _path(kind),
        name=f"change_{kind.one}",
        description="Change it; `archived` puts it into the archive or takes it back.",
        response_model=kind.out,
        responses=problem_responses(NotFound, *kind.refusals),
    )(change_it)


def _archive[M: Place, Out: BaseModel, Patch: PlacePatch](
    router: APIRouter, kind: Kind[M, Out, Patch]
) -> None:
    async def archive_it(
        place_id: Annotated[UUID, Path(alias=f"{kind.one}_id")],
        session: DbSession,
        scope: Writer,
        clock: ClockOf,
    ) -> None:
        now, patch = clock.utc_now(), PlacePatch(archived=True)
        await management.change(session, scope, kind.model, place_id, patch, now=now)

    router.delete(
        _path(kind),
        status_code=204,
        name=f"archive_{kind.one}",
        description="Put it into the archive; nothing that happened there is forgotten.",
        responses=problem_responses(NotFound, *kind.kept),
    )(archive_it)


def _path[M: Place, Out: BaseModel, Patch: PlacePatch](kind: Kind[M, Out, Patch]) -> str:
    return f"/{kind.many}/{{{kind.one}_id}}"


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
