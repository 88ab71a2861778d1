"""How do people keep spaces, and what is sold, over HTTP?"""

from collections.abc import Sequence
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, room_router
from cloud_api.kit.paging import Page
from cloud_api.properties import management
from cloud_api.properties.endpoints.callers import Writer
from cloud_api.properties.endpoints.shelf import Kind, as_stored, keep
from cloud_api.properties.errors import Archived, InUse, NameTaken, WrongHouse
from cloud_api.properties.models import SpaceRow, UnitRow
from cloud_api.properties.schemas import (
    SpaceIn,
    SpaceOut,
    SpacePatch,
    UnitIn,
    UnitOut,
    UnitPatch,
)

router = room_router(prefix="", tag="properties")


async def _units_out(session: Session, rows: Sequence[UnitRow]) -> list[UnitOut]:
    spaces = await management.spaces_of(session, rows)
    return [
        UnitOut(
            id=row.id,
            name=row.name,
            created_at=row.created_at,
            archived_at=row.archived_at,
            house_id=row.house_id,
            capacity=row.capacity,
            base_price=row.base_price,
            space_ids=spaces[row.id],
        )
        for row in rows
    ]


keep(
    router,
    Kind(
        one="space",
        many="spaces",
        about="What can be double-booked.",
        model=SpaceRow,
        out=SpaceOut,
        page=Page[SpaceOut],
        patch=SpacePatch,
        show=as_stored(SpaceOut),
        refusals=(InUse,),
        kept=(InUse,),
    ),
)
keep(
    router,
    Kind(
        one="unit",
        many="units",
        about="What is sold.",
        model=UnitRow,
        out=UnitOut,
        page=Page[UnitOut],
        patch=UnitPatch,
        show=_units_out,
        refusals=(NameTaken,),
    ),
)


@router.post(
    "/houses/{house_id}/spaces",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, Archived),
)
async def create_space(
    house_id: UUID, wanted: SpaceIn, session: DbSession, scope: Writer
) -> SpaceOut:
    """A new space."""
    row = await management.make_space(session, scope, house_id, wanted)
    return SpaceOut.model_validate(row)


@router.post(
    "/houses/{house_id}/units",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, Archived, WrongHouse, NameTaken),
)
async def create_unit(house_id: UUID, wanted: UnitIn, session: DbSession, scope: Writer) -> UnitOut:
    """A new unit on one or more spaces; they cannot be changed later."""
    row = await management.make_unit(session, scope, house_id, wanted)
    return (await _units_out(session, [row]))[0]
