"""What came back of one HTTP call to the vendor, if anything?

Forms and tokens are secrets: whatever aiohttp says about a failure is dropped, as it may name a
URL. Nothing is ever sent twice here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)
from pydantic import JsonValue

from edge_agent.drivers.ttlock_cloud.refusals import no_answer
from edge_agent.errors import DeviceBusy, DeviceUnreachable

type Form = Mapping[str, str]
type Answer = Mapping[str, JsonValue]

_LARGEST = 2 * 1024 * 1024
_TOO_MANY = 429
_FINE = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """A readable answer; `served_at` is the vendor's own time, when it told."""

    answer: Answer
    served_at: datetime | None

    @property
    def errcode(self) -> int:
        """0 when it was done; a success may carry no code at all."""
        code = self.answer.get("errcode", 0)
        return code if isinstance(code, int) else -1


async def call(
    session: ClientSession, url: str, form: Form, *, changes: bool, seconds: float
) -> Reply:
    """Ask once, `seconds` at most. `changes`: a POST that may move or write something.

    Lists are GET, all else is a form. DeviceUnreachable: nothing was asked. OutcomeUnknown: it was
    sent, it may have changed something, and no readable answer came.
    """
    method = "GET" if url.endswith(("/list", "/listKeyboardPwd")) else "POST"
    query, body = (form, None) if method == "GET" else (None, form)
    try:
        async with session.request(
            method,
            url,
            params=query,
            data=body,
            timeout=ClientTimeout(total=max(seconds, 0.001)),
            allow_redirects=False,
        ) as response:
            return await _read(response, changes=changes)
    except (ClientConnectorError, ConnectionTimeoutError):
        raise DeviceUnreachable("vendor_not_reached") from None
    except TimeoutError:
        raise no_answer("no_answer", changes=changes) from None
    except (ClientError, OSError):
        raise no_answer("link_lost", changes=changes) from None


async def _read(response: ClientResponse, *, changes: bool) -> Reply:
    if response.status == _TOO_MANY:
        raise DeviceBusy("rate_limited")
    raw = await response.content.read(_LARGEST)
    while not response.content.at_eof() and len(raw) < _LARGEST:
        raw += await response.content.read(_LARGEST - len(raw))
    answer = _json(raw) if response.status == _FINE else None
    if answer is None:
        raise no_answer("unreadable_answer", changes=changes)
    return Reply(answer, _date(response.headers.get("Date")))


def _json(raw: bytes) -> Answer | None:
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _date(header: str | None) -> datetime | None:
    try:
        return None if header is None else parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None
