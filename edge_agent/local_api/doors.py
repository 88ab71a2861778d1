"""Move a door and follow the attempt to its end."""

from contextlib import suppress
from http import HTTPStatus

from aiohttp import web

from edge_agent.doorkeeper import Attempt, GuestGate, Refused
from edge_agent.local_api.problems import Problem, refused
from edge_agent.local_api.requests_in import MoveBody, body_of, id_of, token_of
from edge_agent.local_api.stays import words
from protocol.access import Refusal
from protocol.ids import AttemptId, LockId

LONGEST_WAIT_SECONDS = 25.0
MOST_WAITING = 32
"""More at once are answered without waiting: waiting must not use up the way to lockd."""


class Doors:
    """`/api/doors/{lock}/moves` and `/api/attempts/{attempt}`."""

    def __init__(self, gate: GuestGate) -> None:
        self._gate = gate
        self._waiting = 0

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler."""
        return [
            web.post("/api/doors/{lock}/moves", self.move),
            web.get("/api/attempts/{attempt}", self.follow),
        ]

    async def move(self, request: web.Request) -> web.Response:
        """202 with the attempt, its decision on record; the same id again is the same attempt.

        A refusal is an outcome of the attempt (`outcome: refused`, `refusal`), not an error.
        Problem 428 `tap_undated` to a tap that does not say until when it is wanted: it might have
        waited anywhere for any time. Only a page older than the house sends one.
        """
        token, lock = token_of(request), LockId(id_of(request, "lock"))
        body = await body_of(request, MoveBody)
        if body.not_after is None:
            raise Problem(HTTPStatus.PRECONDITION_REQUIRED, "tap_undated", "reload the page")
        attempt = await self._gate.move(
            token, lock, body.move, body.attempt, not_after=body.not_after
        )
        if attempt.refusal is Refusal.NOT_SIGNED_IN:
            raise refused(attempt.refusal)
        response = _shown(attempt, HTTPStatus.ACCEPTED)
        response.headers["Location"] = f"/api/attempts/{attempt.attempt}"
        return response

    async def follow(self, request: web.Request) -> web.Response:
        """200 with the attempt; `?wait=` up to 25 seconds for its outcome."""
        token, attempt = token_of(request), AttemptId(id_of(request, "attempt"))
        wait_seconds = _wait_seconds(request) if self._waiting < MOST_WAITING else 0.0
        self._waiting += 1
        try:
            found = await self._gate.attempt(token, attempt, wait_seconds=wait_seconds)
        finally:
            self._waiting -= 1
        if isinstance(found, Refused):
            raise refused(found.refusal)
        return _shown(found, HTTPStatus.OK)


def _shown(attempt: Attempt, status: HTTPStatus) -> web.Response:
    return words(attempt.model_dump_json(), status=status)


def _wait_seconds(request: web.Request) -> float:
    with suppress(ValueError):
        wanted = float(request.query.get("wait", "0"))
        if wanted > 0:  # also false for nan
            return min(wanted, LONGEST_WAIT_SECONDS)
    return 0.0
