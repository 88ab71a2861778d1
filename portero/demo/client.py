"""How does the demo talk HTTP: as the host, as the guest in the cloud, as somebody on the LAN?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from pydantic import JsonValue

from portero.demo.voice import StoryError

type Answer = dict[str, JsonValue]


@dataclass
class Caller:
    """One person's HTTP client; a refusal becomes a StoryError with the problem's words."""

    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> Answer:
        """GET that must succeed."""
        return _answer(await self.http.get(path, headers=self.headers))

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """POST that must succeed, under a fresh Idempotency-Key."""
        return _answer(await self.try_post(path, body))

    async def put(self, path: str, body: Mapping[str, object]) -> Answer:
        """PUT that must succeed."""
        return _answer(await self.http.put(path, json=body, headers=self.headers))

    async def try_post(self, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        """POST, whatever comes back."""
        headers = {**self.headers, "idempotency-key": uuid4().hex}
        return await self.http.post(path, json=body or {}, headers=headers)


def caller(base_url: str, *, token: str | None = None, origin: str | None = None) -> Caller:
    """A client of one server; on the LAN a browser also sends its origin."""
    headers: dict[str, str] = {}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if origin:
        headers["origin"] = origin
    return Caller(httpx.AsyncClient(base_url=base_url, timeout=20.0), headers)


def text(answer: Answer, name: str) -> str:
    """A member that must be a text. StoryError otherwise."""
    value = answer.get(name)
    if not isinstance(value, str):
        raise StoryError(f"the answer has no {name}: {sorted(answer)}")
    return value


def _answer(response: httpx.Response) -> Answer:
    if response.status_code >= httpx.codes.BAD_REQUEST:
        raise StoryError(f"{response.request.method} {response.url.path}: {_why(response)}")
    body = response.json() if response.content else {}
    return body if isinstance(body, dict) else {"items": body}


def _why(response: httpx.Response) -> str:
    try:
        problem = response.json()
        words = problem.get("errors") or problem.get("detail") or problem.get("title")
        return f"{response.status_code} {problem.get('code')}: {words}"
    except ValueError:
        return f"{response.status_code} {response.text[:200]}"
