"""How does somebody in a journey speak HTTP: the host, a guest far away, a guest in the house?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.builders import JsonDict


@dataclass
class Person:
    """One HTTP client. `get`, `post` and `delete` must succeed, `try_…` answer whatever comes."""

    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> JsonDict:
        return _good(await self.try_get(path))

    async def try_get(self, path: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers)

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> JsonDict:
        return _good(await self.try_post(path, body))

    async def try_post(self, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        headers = {**self.headers, "idempotency-key": uuid4().hex}
        return await self.http.post(path, json=body or {}, headers=headers)


class LanGuest(Person):
    """Somebody in the house's Wi-Fi, signed in by cookie."""

    async def sign_in(self, secret: str) -> httpx.Response:
        return await self.try_post("/api/session", {"secret": secret})

    async def tap(self, lock: str, *, attempt: str | None = None) -> JsonDict:
        """Tap Unlock; the attempt's end, or the refusal as `{"outcome": "refused", …}`."""
        chosen = attempt or str(uuid4())
        stay = await self.http.get("/api/stay", headers=self.headers)
        clock = stay.json()["clock"] if stay.status_code == httpx.codes.OK else 0
        wish = {"move": "open", "attempt": chosen, "not_after": clock + 10}
        asked = await self.try_post(f"/api/doors/{lock}/moves", wish)
        if asked.status_code >= httpx.codes.BAD_REQUEST:
            assert asked.status_code in {401, 403}, asked.text
            return {"outcome": "refused", "refusal": asked.json()["code"]}
        begun: JsonDict = asked.json()
        if begun["outcome"] is not None:
            return begun
        return await self.get(f"/api/attempts/{chosen}?wait=20")


def _good(response: httpx.Response) -> JsonDict:
    assert response.status_code < httpx.codes.BAD_REQUEST, (
        f"{response.request.method} {response.url.path}: {response.status_code} {response.text}"
    )
    body = response.json() if response.content else {}
    return body if isinstance(body, dict) else {"items": body}
