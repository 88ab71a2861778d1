"""Which part of a long list, in which order?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from cloud_api.kit.db import Session
from cloud_api.kit.errors import InvalidRequest

MOST = 200
DEFAULT = 50

type Column = ColumnElement[Any] | InstrumentedAttribute[Any]


class UnknownSortingError(InvalidRequest):
    """The list cannot be sorted by this."""

    code = "unknown_sorting"
    title = "The list cannot be sorted by this"


def sort_pattern(*fields: str) -> str:
    """What a `sort` parameter over these fields looks like, for `Query(pattern=...)`."""
    one = f"-?({'|'.join(fields)})"
    return f"^{one}(,{one})*$"


@dataclass(frozen=True, slots=True)
class Window:
    """Rows `offset` to `offset + limit` of a list."""

    limit: int = DEFAULT
    offset: int = 0


# Async, as every dependency of ours: FastAPI runs plain functions in a thread.
async def _window(
    limit: Annotated[int, Query(ge=1, le=MOST, description="how many at most")] = DEFAULT,
    offset: Annotated[int, Query(ge=0, le=1_000_000, description="how many to skip")] = 0,
) -> Window:
    return Window(limit=limit, offset=offset)


PageWindow = Annotated[Window, Depends(_window)]
Sort = Annotated[
    str | None,
    Query(
        max_length=200,
        description="field names separated by commas; a leading `-` turns the order",
        examples=["-created_at"],
    ),
]


class Page[T](BaseModel):
    """A part of a list. `next` is the offset of the next part, null at the end."""

    items: list[T]
    total: Annotated[int, Field(ge=0)]
    next: int | None = None


def page_of[T](items: Sequence[T], *, total: int, window: Window) -> Page[T]:
    """The page these items make."""
    end = window.offset + len(items)
    return Page(items=list(items), total=total, next=end if items and end < total else None)


async def read_page[T](
    session: Session, statement: Select[T], window: Window, *, order: Sequence[Column]
) -> tuple[list[T], int]:
    """One page of a one-entity select, and how many rows there are in all.

    `order` should end in a unique column, or rows may repeat between pages.
    """
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    rows = await session.scalars(
        statement.order_by(*order).limit(window.limit).offset(window.offset)
    )
    return list(rows), total or 0


def ordering(
    sort: str | None, allowed: Mapping[str, Column], *, default: str, last: Column
) -> list[Column]:
    """Columns to order by for `sort` such as `-check_in,name`; `last` breaks ties.

    Raises UnknownSortingError for a field that is not allowed.
    """
    order: list[Column] = []
    for field in (sort or default).split(","):
        name = field.strip().removeprefix("-")
        if name not in allowed:
            raise UnknownSortingError(extra={"allowed": sorted(allowed)})
        column = allowed[name]
        order.append(column.desc() if field.strip().startswith("-") else column.asc())
    return [*order, last]
