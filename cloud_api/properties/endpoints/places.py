"""How do people keep their properties and houses over HTTP?"""

from uuid import UUID

from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, room_router
from cloud_api.kit.paging import Page
from cloud_api.properties import management, service
from cloud_api.properties.endpoints.callers import Reader, Writer
from cloud_api.properties.endpoints.shelf import Kind, as_stored, keep
from cloud_api.properties.errors import Archived
from cloud_api.properties.models import HouseRow, PropertyRow
from cloud_api.properties.schemas import (
    HouseIn,
    HouseOut,
    HousePatch,
    LayoutOut,
    PropertyIn,
    PropertyOut,
    PropertyPatch,
)

router = room_router(prefix="", tag="properties")

keep(
    router,
    Kind(
        one="property",
        many="properties",
        about="The owner's business places.",
        model=PropertyRow,
        out=PropertyOut,
        page=Page[PropertyOut],
        patch=PropertyPatch,
        show=as_stored(PropertyOut),
        within=None,
    ),
)
keep(
    router,
    Kind(
        one="house",
        many="houses",
        about="The houses, of one property or of all.",
        model=HouseRow,
        out=HouseOut,
        page=Page[HouseOut],
        patch=HousePatch,
        show=as_stored(HouseOut),
        within="property_id",
    ),
)


@router.post(
    "/properties",
    status_code=201,
    dependencies=[IDEMPOTENT],
)
async def create_property(wanted: PropertyIn, session: DbSession, scope: Writer) -> PropertyOut:
    """A new property."""
    row = await management.make_property(session, scope, wanted)
    return PropertyOut.model_validate(row)


@router.post(
    "/properties/{property_id}/houses",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, Archived),
)
async def create_house(
    property_id: UUID, wanted: HouseIn, session: DbSession, scope: Writer
) -> HouseOut:
    """A new house."""
    row = await management.make_house(session, scope, property_id, wanted)
    return HouseOut.model_validate(row)


@router.get("/houses/{house_id}/layout", responses=problem_responses(NotFound))
async def read_layout(house_id: UUID, session: DbSession, scope: Reader) -> LayoutOut:
    """Its locks and players, and which units each of them serves."""
    return LayoutOut.model_validate(await service.house_layout(session, house_id, scope))
