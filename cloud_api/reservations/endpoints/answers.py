"""How does a use case's result become an answer?"""

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from structlog.contextvars import get_contextvars

from cloud_api.kit.db import Session
from cloud_api.kit.errors import MEDIA_TYPE, Problem
from cloud_api.kit.http import backstage
from cloud_api.kit.jobs import Tools
from cloud_api.reservations.bills import service as bills
from cloud_api.reservations.bills.service import Agreed
from cloud_api.reservations.schemas import ReservationOut
from cloud_api.reservations.service import Wish
from cloud_api.reservations.types import Booking


def tools_of(request: Request) -> Tools:
    """What reading a quote and charging need."""
    stage = backstage(request)
    return Tools(clock=stage.clock, vault=stage.vault)


async def agreement(request: Request, session: Session, wish: Wish, token: str) -> Agreed:
    """The quote's price for this very wish; raises quote_mismatch and pricing's refusals."""
    return await bills.agree(
        session,
        tools_of(request),
        token,
        unit_ids=wish.unit_ids,
        nights=wish.nights,
        guests=wish.guests,
    )


def refusal(problem: Problem) -> Response:
    """A refusal that is answered, not raised: what it changed is committed."""
    request_id = get_contextvars().get("request_id")
    return JSONResponse(
        problem.document(request_id), problem.status, problem.headers, media_type=MEDIA_TYPE
    )


def reservation(result: Booking | Problem) -> ReservationOut | Response:
    """The booking for staff, or the refusal."""
    return refusal(result) if isinstance(result, Problem) else ReservationOut.of(result)
