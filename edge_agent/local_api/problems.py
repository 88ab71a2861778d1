"""How does the LAN API say no? RFC 9457 problem documents with stable codes."""

from http import HTTPStatus
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from edge_agent.errors import (
    AskHost,
    EdgeError,
    NoSuchThing,
    OutcomeUnknown,
    PickAnother,
    TryLater,
)
from protocol.access import Refusal

PROBLEM_TYPE: Final = "application/problem+json"


class ProblemDocument(BaseModel):
    """The body of every refusal. `code` is a stable word; `detail` never holds a secret."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    status: int
    code: str
    title: str
    detail: str | None = None


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that is answered with a problem document."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str | None = None, *, retry_after: int = 0
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after

    def response(self) -> web.Response:
        """As HTTP."""
        document = ProblemDocument(
            status=self.status, code=self.code, title=self.status.phrase, detail=self.detail
        )
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else None
        return web.Response(
            status=self.status,
            body=document.model_dump_json(exclude_none=True).encode(),
            content_type=PROBLEM_TYPE,
            headers=headers,
        )


_BY_REFUSAL: Final = {
    Refusal.NOT_SIGNED_IN: HTTPStatus.UNAUTHORIZED,
    Refusal.UNKNOWN_TARGET: HTTPStatus.NOT_FOUND,
    Refusal.REQUEST_GONE: HTTPStatus.NOT_FOUND,
    Refusal.NO_BOOK: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.STORAGE_UNTRUSTED: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.TOO_MANY_OUTSTANDING: HTTPStatus.TOO_MANY_REQUESTS,
}


def refused(refusal: Refusal) -> Problem:
    """The no of lockd, as HTTP; the code is the refusal's own word."""
    return Problem(_BY_REFUSAL.get(refusal, HTTPStatus.FORBIDDEN), refusal.value)


_BY_REACTION: Final = (
    (TryLater, HTTPStatus.SERVICE_UNAVAILABLE),
    (OutcomeUnknown, HTTPStatus.GATEWAY_TIMEOUT),
    (PickAnother, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NoSuchThing, HTTPStatus.NOT_FOUND),
    (AskHost, HTTPStatus.CONFLICT),
)


def from_error(error: EdgeError) -> Problem:
    """A declared error of the house, by the reaction it asks for."""
    if error.reason in {"no_music_here", "no_home_here"}:
        return Problem(HTTPStatus.NOT_IMPLEMENTED, error.reason, str(error))
    for group, status in _BY_REACTION:
        if isinstance(error, group):
            return Problem(status, error.reason, retry_after=2 if group is TryLater else 0)
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, error.reason)
