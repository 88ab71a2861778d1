"""How does the cloud ask somebody outside, and what does it know when no answer comes?

    OutgoingError             whoever was asked did not answer as one who has heard us
      VendorUnreachableError  nothing was sent: asking again is safe
      VendorSilentError       it was sent, no answer came: it may have been done. Look before
                              asking again

An answer of any status is an answer: what a vendor means by it is its adapter's to say. Neither
addresses nor bodies are logged here: both may hold secrets.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from cloud_api.kit.db import Json

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
# A vendor that sends more than this is broken, or not the vendor.
MOST_ANSWER_BYTES = 10 * 1024 * 1024
# They write down each address, and some vendors want their keys in it.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

# It would write every address at INFO, and some vendors want their secret in it.
logging.getLogger("httpx").setLevel(logging.WARNING)


class OutgoingError(Exception):
    """Whoever was asked did not answer."""


class VendorUnreachableError(OutgoingError):
    """Nothing was sent: it was surely not done."""


class VendorSilentError(OutgoingError):
    """It was sent and no answer came: nobody knows whether it was done."""


class NotJsonError(ValueError):
    """The answer is not JSON."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. At most one of `json`, `form`, `files` and `content` is given.

    `files` are (field, (file name, bytes, media type)); `form` then goes along as text fields.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] | None = field(default=None, repr=False)
    json: Json = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    files: Mapping[str, tuple[str, bytes, str]] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)
    seconds: float = ANSWER_SECONDS
    most_bytes: int = MOST_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Json:
        """The body as JSON; NotJsonError when it is none."""
        try:
            parsed: Json = json.loads(self.body)
        except ValueError:
            raise NotJsonError from None
        return parsed

    def object(self) -> dict[str, Json]:
        """The body as a JSON object; NotJsonError when it is none."""
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise NotJsonError
        return parsed


class Outgoing:
    """One process's way out. `urls` puts simulators in the place of vendors, by their names."""

    def __init__(self, urls: Mapping[str, str] | None = None) -> None:
        self._urls = dict(urls or {})
        # No redirects (they would carry credentials along) and no proxies of the environment.
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    def base(self, vendor: str, default: str) -> str:
        """Where this vendor is reached, without a slash at the end."""
        return self._urls.get(vendor, default).rstrip("/")

    async def ask(self, ask: Ask) -> Answer:
        """Ask once; never again by itself.

        Raises VendorUnreachableError or VendorSilentError.
        """
        request = self._client.build_request(
            ask.method,
            ask.url,
            headers=dict(ask.headers),
            params=ask.params,
            json=ask.json,
            data=ask.form,
            files=ask.files,
            content=ask.content,
            timeout=httpx.Timeout(ask.seconds, connect=min(CONNECT_SECONDS, ask.seconds)),
        )
        auth = None if ask.basic is None else httpx.BasicAuth(*ask.basic)
        try:
            response = await self._client.send(request, auth=auth, stream=True)
            body = await _read(response, ask.most_bytes)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise VendorUnreachableError(type(error).__name__) from None
        except (httpx.TransportError, httpx.StreamError) as error:
            raise VendorSilentError(type(error).__name__) from None
        return Answer(response.status_code, dict(response.headers), body)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        """As it is."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()


async def _read(response: httpx.Response, most_bytes: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most_bytes:
                raise VendorSilentError("the answer does not end")
    finally:
        await response.aclose()
    return bytes(body)
