"""How do staff keep nights from being sold?"""

from cloud_api.kit.errors import problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, room_router
from cloud_api.reservations import service
from cloud_api.reservations.endpoints.staff import TAKE_PROBLEMS, Writer
from cloud_api.reservations.schemas import BlockIn, ReservationOut
from cloud_api.reservations.types import Contact, Nights

router = room_router(prefix="/blocks", tag="reservations")


@router.post(
    "",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(*TAKE_PROBLEMS),
)
async def block(
    wanted: BlockIn, scope: Writer, session: DbSession, clock: ClockOf
) -> ReservationOut:
    """Keep nights for repairs or for the owner; listed, moved and cancelled as a reservation."""
    wish = service.Wish(
        unit_ids=tuple(wanted.unit_ids),
        nights=Nights(wanted.check_in, wanted.check_out),
        guests=0,
        channel="staff",
        contact=Contact(""),
        notes=wanted.notes,
    )
    return ReservationOut.of(await service.block(session, scope, clock, wanted.kind, wish))
