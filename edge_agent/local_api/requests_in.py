"""How is what a browser sent read into our words?"""

import asyncio
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from edge_agent.local_api.problems import Problem
from protocol.ids import AttemptId
from protocol.live import Move

COOKIE = "portero_stay"

BODY_SECONDS = 10.0
"""How long a body may take to arrive."""

Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-.~]{8,200}$")]
"""Whatever stands behind the `#` of a link or a QR code."""

_TOKEN_LENGTHS = range(32, 129)


class Body(BaseModel):
    """A JSON body; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SignInBody(Body):
    """The secret of a LAN link."""

    secret: Secret


class MoveBody(Body):
    """One attempt at a door; `attempt` is made by the client, so that a repeat is recognised.

    `not_after`: until when it is wanted, by the house's own clock (`clock` of the stay).
    """

    attempt: AttemptId
    move: Move = "open"
    not_after: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class TimeBody(Body):
    """What time it is, with its offset from UTC."""

    now: AwareDatetime


class JoinCodeBody(Body):
    """What stood behind the `#` of the QR code."""

    code: Secret


class JoinBody(Body):
    """A companion asks."""

    code: Secret
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    wants: tuple[Literal["music:control", "music:volume", "music:queue", "door:open"], ...]


class RequestStateBody(Body):
    """A companion's own secret, in a body because addresses are written down everywhere."""

    secret: Secret


class DecisionBody(Body):
    """Yes or no."""

    approve: bool


async def body_of[Wanted: Body](request: web.Request, wanted: type[Wanted]) -> Wanted:
    """The JSON body. Problem 422 `invalid_body` names the fields, never their content."""
    data = await _all_of(request)
    try:
        return wanted.model_validate_json(data)
    except (ValidationError, RecursionError) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_body", _fields(error)) from None


async def _all_of(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow") from None


def token_of(request: web.Request) -> str:
    """The session's token. Problem 401 `not_signed_in` without one."""
    token = request.cookies.get(COOKIE, "")
    if len(token) not in _TOKEN_LENGTHS or not token.isascii() or not token.isalnum():
        raise Problem(HTTPStatus.UNAUTHORIZED, "not_signed_in")
    return token


def id_of(request: web.Request, name: str) -> UUID:
    """An id from the path. Problem 404 when it is none."""
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found") from None


def query_of[Wanted: BaseModel](request: web.Request, wanted: type[Wanted]) -> Wanted:
    """The query string as a model. Problem 422 `invalid_query`."""
    raw: dict[str, str | list[str]] = {}
    for key in request.query:
        values = request.query.getall(key)
        raw[key] = values if len(values) > 1 else values[0]
    try:
        return wanted.model_validate(raw)
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_query", _fields(error)) from None


def _fields(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    places = {".".join(str(part) for part in each["loc"]) for each in error.errors()[:5]}
    return ", ".join(sorted(places))[:200]
