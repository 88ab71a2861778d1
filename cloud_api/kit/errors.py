"""What do we answer when we cannot do what was asked?

    Problem                 an expected refusal; becomes application/problem+json (RFC 9457)
      InvalidRequest   422  the caller must change the request
      Unauthenticated  401  the caller must log in
      Forbidden        403  the caller may not; asking again will not help
      NotFound         404  not there, or not for this caller: the two look the same
      Conflict         409  the state forbids it now
      TooManyAttempts  429  the caller must wait `retry_after`
      Unavailable      503  try again later

Rooms derive their own problems from these, near their service.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"

type Extra = str | int | float | bool | list[str] | list[dict[str, str]] | None


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An expected refusal. `code` is stable and for machines; `detail` is for people.

    Extra fields become members of the document; none of them may be a secret.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        detail: str | None = None,
        *,
        extra: Mapping[str, Extra] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def document(self, request_id: str | None = None) -> dict[str, Extra]:
        """The RFC 9457 members of this problem."""
        return problem_document(
            status=self.status,
            code=self.code,
            title=self.title,
            detail=self.detail,
            request_id=request_id,
            extra=self.extra,
        )


class InvalidRequest(Problem):
    """The caller must change the request."""

    status = 422
    code = "invalid_request"
    title = "The request is not valid"


class Unauthenticated(Problem):
    """The caller must log in."""

    status = 401
    code = "unauthenticated"
    title = "Log in first"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"www-authenticate": 'Bearer realm="portero"'})


class Forbidden(Problem):
    """The caller may not do this."""

    status = 403
    code = "forbidden"
    title = "Your role does not allow this"


class NotFound(Problem):
    """It is not there, or it is not for this caller."""

    status = 404
    code = "not_found"
    title = "There is no such thing here"


class Conflict(Problem):
    """The present state forbids it."""

    status = 409
    code = "conflict"
    title = "The present state does not allow this"


class TooManyAttempts(Problem):
    """The caller must wait."""

    status = 429
    code = "too_many_attempts"
    title = "Too many attempts; wait a little"

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int) -> None:
        super().__init__(
            detail,
            extra={"retry_after": retry_after_seconds},
            headers={"retry-after": str(retry_after_seconds)},
        )


class Unavailable(Problem):
    """Something we need does not answer; try again later."""

    status = 503
    code = "temporarily_unavailable"
    title = "Not available just now; try again"


class ProblemBody(BaseModel):
    """The shape of every refusal, for the OpenAPI document."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: Annotated[str, Field(examples=["about:blank"])]
    status: Annotated[int, Field(ge=400, le=599)]
    code: Annotated[str, Field(description="stable, for machines", examples=["not_found"])]
    title: str
    detail: str | None = None
    request_id: str | None = None


def problem_document(
    *,
    status: int,
    code: str,
    title: str,
    detail: str | None = None,
    request_id: str | None = None,
    extra: Mapping[str, Extra] | None = None,
) -> dict[str, Extra]:
    """RFC 9457 members; the extras cannot overwrite them."""
    document: dict[str, Extra] = {
        "type": "about:blank",
        "status": status,
        "code": code,
        "title": title,
    }
    if detail is not None:
        document["detail"] = detail
    if request_id is not None:
        document["request_id"] = request_id
    return {**(extra or {}), **document}


def problem_responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What to pass as `responses=` of a route: these problems by status, codes listed."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: {
            "model": ProblemBody,
            "description": "; ".join(f"`{each.code}`: {each.title}" for each in group),
        }
        for status, group in by_status.items()
    }
