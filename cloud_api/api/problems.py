"""How does every refusal become `application/problem+json`?"""

import http

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from cloud_api.api.front import route_template
from cloud_api.kit.errors import (
    MEDIA_TYPE,
    Conflict,
    Extra,
    InvalidRequest,
    Problem,
    Unavailable,
    problem_document,
)
from cloud_api.kit.idempotency import Replayed

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("problems")

# SQLSTATE classes, by what the caller should do.
_TRY_AGAIN = ("08", "40", "53", "55", "57")
_BAD_VALUE = ("22",)
_BROKEN_RULE = ("23",)


def install(app: FastAPI) -> None:
    """Teach the application to refuse in one manner."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Replayed, _replayed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeoutError, _busy)
    app.add_exception_handler(OSError, _unreachable)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    return _render(request, error)


async def _replayed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Replayed)  # noqa: S101 - registered for it
    return Response(
        error.body,
        status_code=error.status,
        media_type=error.media_type,
        headers={"idempotency-replayed": "true"},
    )


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    # Without the input: it may be a password.
    faults = [
        {
            "where": ".".join(str(step) for step in each["loc"]),
            "what": str(each["msg"]).removeprefix("Value error, "),
        }
        for each in error.errors()
    ]
    return _render(request, InvalidRequest(extra={"errors": faults}))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    phrase = http.HTTPStatus(error.status_code).phrase
    document = problem_document(
        status=error.status_code,
        code=phrase.lower().replace(" ", "_").replace("-", "_"),
        title=phrase,
        detail=None if error.detail == phrase else str(error.detail),
        request_id=_request_id(request),
    )
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = _allowed(request) or headers.get("allow", "")
    return _answer(document, error.status_code, headers)


async def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)  # noqa: S101 - registered for it
    state = str(getattr(error.orig, "sqlstate", "") or "")
    if error.connection_invalidated or state.startswith(_TRY_AGAIN):
        log.warning("database_refused", sqlstate=state)
        return _render(request, Unavailable(headers={"retry-after": "1"}))
    if state.startswith(_BAD_VALUE):
        log.warning("database_value", sqlstate=state)
        return _render(request, InvalidRequest("a value cannot be stored"))
    if state.startswith(_BROKEN_RULE):
        log.warning("database_rule", constraint=_constraint(error))
        return _render(request, Conflict())
    raise error


async def _busy(request: Request, _error: Exception) -> Response:
    log.warning("database_pool_exhausted")
    return _render(request, Unavailable(headers={"retry-after": "1"}))


async def _unreachable(request: Request, error: Exception) -> Response:
    log.warning("dependency_unreachable", error=type(error).__name__)
    return _render(request, Unavailable(headers={"retry-after": "1"}))


def _allowed(request: Request) -> str:
    # Each method is a route of its own; the first that matched knows only of itself.
    operations = request.app.openapi()["paths"].get(route_template(request.scope), {})
    return ", ".join(sorted(method.upper() for method in operations))


def _constraint(error: DBAPIError) -> str | None:
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)


def _render(request: Request, problem: Problem) -> Response:
    document = problem.document(_request_id(request))
    return _answer(document, problem.status, problem.headers)


def _answer(document: dict[str, Extra], status: int, headers: dict[str, str]) -> Response:
    return JSONResponse(document, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def _request_id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)
