"""How does a use case's result become an answer?"""

from fastapi import Response
from fastapi.responses import JSONResponse
from structlog.contextvars import get_contextvars

from cloud_api.kit.errors import MEDIA_TYPE, Problem
from cloud_api.reservations.schemas import ReservationOut
from cloud_api.reservations.types import Booking


def refusal(problem: Problem) -> Response:
    """A refusal that is answered, not raised: what it changed is committed."""
    request_id = get_contextvars().get("request_id")
    return JSONResponse(
        problem.document(request_id), problem.status, problem.headers, media_type=MEDIA_TYPE
    )


def reservation(result: Booking | Problem) -> ReservationOut | Response:
    """The booking for staff, or the refusal."""
    return refusal(result) if isinstance(result, Problem) else ReservationOut.of(result)
