"""How do sealed contents rest at Cloudinary?

As `raw` resources (they are sealed: to Cloudinary they are no pictures) of `type=authenticated`,
which nobody reads without a signature of ours. They are fetched by an address that is signed for
this one name and lives for minutes. What is signed are the request's parameters without `file`,
`cloud_name`, `resource_type` and `api_key`, sorted, as `k=v` joined by `&`, an `&` inside a value
written `%26` (signature version 2), with the secret behind them.

Sources: Cloudinary's documents "Upload", "Generating authentication signatures", "Admin API".
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, Literal

from cloud_api.files.errors import ObjectGoneError, StoreSilentError
from cloud_api.files.types import MOST_BYTES
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import Answer, Ask, NotJsonError, Outgoing, OutgoingError

VENDOR: Final = "cloudinary"
_API: Final = "https://api.cloudinary.com"
_TYPE: Final = "authenticated"
_SECONDS: Final = 60.0
_FETCH_WITHIN: Final = timedelta(minutes=5)
_UNSIGNED: Final = frozenset({"file", "cloud_name", "resource_type", "api_key"})
_LET_GO: Final = frozenset({"ok", "not found"})
_MOST_PAGES: Final = 10_000
_OVERHEAD: Final = 4096


@dataclass(frozen=True, slots=True)
class CloudinaryAccount:
    """Whose store it is. `digest` must be what the account is set to."""

    cloud_name: str
    api_key: str
    secret: str = field(repr=False)
    digest: Literal["sha1", "sha256"] = "sha256"
    prefix: str = "portero/"


def signature(params: Mapping[str, str], account: CloudinaryAccount) -> str:
    """The hex signature of a request's parameters; empty ones are not signed."""
    pairs = sorted((key, value) for key, value in params.items() if key not in _UNSIGNED and value)
    joined = "&".join(f"{key}={value.replace('&', '%26')}" for key, value in pairs)
    return hashlib.new(account.digest, (joined + account.secret).encode()).hexdigest()


class CloudinaryStore:
    """One account, under one prefix."""

    def __init__(self, account: CloudinaryAccount, outgoing: Outgoing, clock: Clock) -> None:
        self._account = account
        self._outgoing = outgoing
        self._clock = clock

    async def put(self, name: str, sealed: bytes) -> None:
        """As the port says; `overwrite` makes again the same as once."""
        form = self._signed(
            {"public_id": self._public_id(name), "type": _TYPE, "overwrite": "true"}
        )
        files = {"file": ("sealed", sealed, "application/octet-stream")}
        answer = await self._told("POST", "raw/upload", form=form, files=files)
        if answer.status != HTTPStatus.OK or _object(answer).get("bytes") != len(sealed):
            raise StoreSilentError(f"status {answer.status}")

    async def get(self, name: str) -> bytes:
        """As the port says."""
        now = self._clock.utc_now()
        params = self._signed(
            {
                "public_id": self._public_id(name),
                "type": _TYPE,
                "expires_at": str(int((now + _FETCH_WITHIN).timestamp())),
            }
        )
        answer = await self._told("GET", "raw/download", params=params)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ObjectGoneError
        if answer.status != HTTPStatus.OK:
            raise StoreSilentError(f"status {answer.status}")
        return answer.body

    async def delete(self, name: str) -> None:
        """As the port says; its copies at the edge are dropped too."""
        form = self._signed(
            {"public_id": self._public_id(name), "type": _TYPE, "invalidate": "true"}
        )
        answer = await self._told("POST", "raw/destroy", form=form)
        if answer.status != HTTPStatus.OK or _object(answer).get("result") not in {
            "ok",
            "not found",
        }:
            raise StoreSilentError(f"status {answer.status}")

    async def names(self, *, before: datetime) -> Sequence[str]:
        """As the port says, page by page."""
        found: list[str] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._page(cursor)
            found += self._names_in(page, before)
            following = page.get("next_cursor")
            if not isinstance(following, str):
                break
            cursor = following
        return found

    async def _page(self, cursor: str) -> dict[str, Json]:
        params = {"prefix": self._account.prefix, "max_results": "500"}
        if cursor:
            params["next_cursor"] = cursor
        ask = Ask(
            "GET",
            self._url(f"resources/raw/{_TYPE}"),
            params=params,
            basic=(self._account.api_key, self._account.secret),
        )
        answer = await self._answered(ask)
        if answer.status != HTTPStatus.OK:
            raise StoreSilentError(f"status {answer.status}")
        return _object(answer)

    def _names_in(self, page: Mapping[str, Json], before: datetime) -> list[str]:
        resources = page.get("resources")
        return [
            str(each["public_id"]).removeprefix(self._account.prefix)
            for each in (resources if isinstance(resources, list) else ())
            if isinstance(each, dict) and datetime.fromisoformat(str(each["created_at"])) < before
        ]

    def _signed(self, params: dict[str, str]) -> dict[str, str]:
        stamped = {**params, "timestamp": str(int(self._clock.utc_now().timestamp()))}
        return {
            **stamped,
            "signature": signature(stamped, self._account),
            "api_key": self._account.api_key,
        }

    def _public_id(self, name: str) -> str:
        return f"{self._account.prefix}{name}"

    def _url(self, path: str) -> str:
        base = self._outgoing.base(VENDOR, _API)
        return f"{base}/v1_1/{self._account.cloud_name}/{path}"

    async def _told(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Answer:
        return await self._answered(
            Ask(
                method,
                self._url(path),
                form=form,
                params=params,
                files=files,
                seconds=_SECONDS,
                most_bytes=MOST_BYTES + _OVERHEAD,
            )
        )

    async def _answered(self, ask: Ask) -> Answer:
        try:
            return await self._outgoing.ask(ask)
        except OutgoingError as error:
            raise StoreSilentError(type(error).__name__) from None


def _object(answer: Answer) -> dict[str, Json]:
    try:
        return answer.object()
    except NotJsonError:
        raise StoreSilentError("no JSON") from None
