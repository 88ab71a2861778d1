"""Is this notice Mercado Pago's, and which payment is it about?

`x-signature: ts=<time>,v1=<hex>` in any order: HMAC-SHA256 under the application's secret of
`id:<data.id of the query>;request-id:<x-request-id>;ts:<ts>;`, a pair without a value left out.
The body is not signed: it may say nothing that the query does not say. `ts` counts seconds or
milliseconds; the id is signed as it came, or in small letters.
Source: https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from cloud_api.payments.errors import ForgedNoticeError
from cloud_api.payments.providers.asking import Told, exactly
from cloud_api.payments.types import Heed, Notice

TOLERANCE = timedelta(minutes=5)
_MILLISECONDS_FROM = 10**12
_VERSION = re.compile(r"v[0-9]+")
_STAMP = re.compile(r"[0-9]{1,15}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class _Data(Told):
    id: str | int


class _Body(Told):
    type: str
    data: _Data


def heed(secret: str, notice: Notice, *, now: datetime) -> Heed:
    """What it is about. ForgedNoticeError where it is unsigned, not now, or contradicts itself."""
    named = notice.query.get("data.id", "")
    kind = notice.query.get("type", "")
    request_id = notice.headers.get("x-request-id", "")
    _check(secret, notice.headers.get("x-signature", ""), named, request_id, now=now)
    body = _body(notice.body)
    if not _ID.fullmatch(named) or str(body.data.id) != named or (kind and kind != body.type):
        raise ForgedNoticeError
    event_id = f"{body.type[:40]}:{named}"
    if body.type != "payment":
        return Heed(event_id=event_id, ignored=body.type[:40])
    return Heed(event_id=event_id, provider_id=named)


def manifest(named: str, request_id: str, stamp: str) -> bytes:
    """What is signed."""
    pairs = (("id", named), ("request-id", request_id), ("ts", stamp))
    return "".join(f"{name}:{value};" for name, value in pairs if value).encode()


def _check(secret: str, header: str, named: str, request_id: str, *, now: datetime) -> None:
    parts = [each.strip().partition("=") for each in header.split(",")]
    stamps = [value for name, _, value in parts if name == "ts"]
    shown = [value for name, _, value in parts if _VERSION.fullmatch(name)]
    if not secret or len(stamps) != 1 or not _is_fresh(stamps[0], now):
        raise ForgedNoticeError
    ours = [
        hmac.new(secret.encode(), manifest(name, request_id, stamps[0]), hashlib.sha256).hexdigest()
        for name in (named, named.lower())
    ]
    # Every pair is compared, so that the time it takes tells nothing.
    fits = [hmac.compare_digest(a.encode(), b.encode()) for a in ours for b in shown]
    if not any(fits):
        raise ForgedNoticeError


def _is_fresh(stamp: str, now: datetime) -> bool:
    if not _STAMP.fullmatch(stamp):
        return False
    count = int(stamp)
    seconds = count / 1000 if count >= _MILLISECONDS_FROM else count
    return abs(now - datetime.fromtimestamp(seconds, UTC)) <= TOLERANCE


def _body(body: bytes) -> _Body:
    try:
        return _Body.model_validate(exactly(body))
    except ValueError:
        raise ForgedNoticeError from None
