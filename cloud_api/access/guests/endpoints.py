"""What can somebody do who has a link: sign in, see the stay, sign out?"""

from datetime import timedelta

from fastapi import Depends
from pydantic import JsonValue

from cloud_api.access.auth import CurrentGuest, GuestToken, MakingsOf, per_address
from cloud_api.access.errors import LinkRefusedError
from cloud_api.access.guests import service
from cloud_api.access.guests.schemas import StayOut
from cloud_api.access.schemas import SignInIn, SignInOut
from cloud_api.kit.errors import TooManyAttempts, problem_responses
from cloud_api.kit.http import DbSession, room_router
from cloud_api.kit.throttle import Limit

router = room_router(prefix="/guest", tag="guest")

SIGN_INS_PER_ADDRESS = Limit(attempts=10, window=timedelta(minutes=1))
_OPEN: dict[str, JsonValue] = {"security": []}


@router.post(
    "/sessions",
    status_code=201,
    dependencies=[Depends(per_address("guest.sign_in", SIGN_INS_PER_ADDRESS))],
    openapi_extra=_OPEN,
    responses=problem_responses(LinkRefusedError, TooManyAttempts),
)
async def sign_in(session: DbSession, makings: MakingsOf, link: SignInIn) -> SignInOut:
    """Trade the secret behind `#` for a session; unknown and ended links look the same."""
    signed_in = await service.sign_in(session, makings, link.secret)
    return SignInOut(token=signed_in.token, expires_at=signed_in.expires_at)


@router.delete("/sessions/current", status_code=204, responses=problem_responses(LinkRefusedError))
async def sign_out(session: DbSession, token: GuestToken) -> None:
    """Forget this session; twice is the same as once."""
    await service.sign_out(session, token)


@router.get("/stay", responses=problem_responses(LinkRefusedError))
async def see_stay(session: DbSession, makings: MakingsOf, guest: CurrentGuest) -> StayOut:
    """Window, doors, players, the PIN for the stay's own guest, and where the key truly is."""
    return StayOut.of(await service.stay_page(session, makings, guest))
