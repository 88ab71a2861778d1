"""How do people keep locks, speakers and things over HTTP?"""

from uuid import UUID

from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, room_router
from cloud_api.kit.paging import Page
from cloud_api.properties import management
from cloud_api.properties.endpoints.callers import Writer
from cloud_api.properties.endpoints.shelf import Kind, as_stored, keep
from cloud_api.properties.errors import Archived, NameTaken, WrongHouse
from cloud_api.properties.models import LockRow, PlayerRow, ThingRow
from cloud_api.properties.schemas import (
    DevicePatch,
    LockIn,
    LockOut,
    PlayerIn,
    PlayerOut,
    PlayerPatch,
    ThingIn,
    ThingOut,
    ThingPatch,
)

router = room_router(prefix="", tag="properties")

keep(
    router,
    Kind(
        one="lock",
        many="locks",
        about="The locks.",
        model=LockRow,
        out=LockOut,
        page=Page[LockOut],
        patch=DevicePatch,
        show=as_stored(LockOut),
        refusals=(NameTaken,),
    ),
)
keep(
    router,
    Kind(
        one="player",
        many="players",
        about="The speakers.",
        model=PlayerRow,
        out=PlayerOut,
        page=Page[PlayerOut],
        patch=PlayerPatch,
        show=as_stored(PlayerOut),
        refusals=(NameTaken,),
    ),
)
keep(
    router,
    Kind(
        one="thing",
        many="things",
        about="Heating, lights, switches and sensors.",
        model=ThingRow,
        out=ThingOut,
        page=Page[ThingOut],
        patch=ThingPatch,
        show=as_stored(ThingOut),
        refusals=(NameTaken,),
    ),
)


@router.post(
    "/houses/{house_id}/things",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, Archived, WrongHouse, NameTaken),
)
async def create_thing(
    house_id: UUID, wanted: ThingIn, session: DbSession, scope: Writer
) -> ThingOut:
    """A new thing; without a space it is the whole house's. At most 100 of them reach a house."""
    row = await management.make_thing(session, scope, house_id, wanted)
    return ThingOut.model_validate(row)


@router.post(
    "/houses/{house_id}/locks",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, Archived, WrongHouse, NameTaken),
)
async def create_lock(house_id: UUID, wanted: LockIn, session: DbSession, scope: Writer) -> LockOut:
    """A new lock; without a space it is shared by the whole house."""
    row = await management.make_lock(session, scope, house_id, wanted)
    return LockOut.model_validate(row)


@router.post(
    "/houses/{house_id}/players",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, Archived, WrongHouse, NameTaken),
)
async def create_player(
    house_id: UUID, wanted: PlayerIn, session: DbSession, scope: Writer
) -> PlayerOut:
    """A new speaker; without a space it is the whole house's."""
    row = await management.make_player(session, scope, house_id, wanted)
    return PlayerOut.model_validate(row)
