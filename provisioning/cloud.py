"""How does a device speak to the cloud before it has any line: one POST, and what a no means?"""

import httpx
from pydantic import BaseModel, ValidationError

from provisioning.errors import ClaimRefusedError, CloudUnreachableError

_MADE = 201
_REFUSALS = frozenset({403, 404, 409, 422})
_TIMEOUT_SECONDS = 20.0
_TOLD = {
    "claim_used": "another device has used this claim{at}; find it, then ask for a new token",
    "claim_expired": "the claim has expired; ask for a new token",
    "certificate_request_refused": "the cloud refuses our certificate request ({flaw})",
    "certificate_refused": "our certificate is not renewed ({reason}); claim the house anew",
}
_NO = "the cloud refused the claim; ask for a new token"


class _Problem(BaseModel):
    code: str = ""
    flaw: str = "?"
    reason: str = "?"
    used_at: str | None = None


def post[A: BaseModel](cloud_url: str, path: str, body: dict[str, str], answer: type[A]) -> A:
    """What the cloud says to a good request.

    Raises ClaimRefusedError, which says why when the cloud does, and CloudUnreachableError when
    the same call should be made again.
    """
    try:
        said = httpx.post(_url(cloud_url, path), json=body, timeout=_TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CloudUnreachableError(type(error).__name__) from None
    if said.status_code in _REFUSALS:
        raise ClaimRefusedError(_why(said))
    if said.status_code != _MADE:
        raise CloudUnreachableError(f"the cloud answered {said.status_code}")
    try:
        return answer.model_validate_json(said.content)
    except ValidationError:
        raise CloudUnreachableError("what answered is not the cloud") from None


def fetch(cloud_url: str, path: str) -> bytes:
    """A public document. Raises CloudUnreachableError."""
    try:
        said = httpx.get(_url(cloud_url, path), timeout=_TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CloudUnreachableError(type(error).__name__) from None
    if said.status_code != httpx.codes.OK:
        raise CloudUnreachableError(f"the cloud answered {said.status_code}")
    return said.content


def _url(cloud_url: str, path: str) -> str:
    return f"{cloud_url.rstrip('/')}/api/v1/{path}"


def _why(said: httpx.Response) -> str:
    try:
        problem = _Problem.model_validate_json(said.content)
    except ValidationError:
        return _NO
    at = "" if problem.used_at is None else f" at {problem.used_at}"
    return _TOLD.get(problem.code, _NO).format(at=at, flaw=problem.flaw, reason=problem.reason)
