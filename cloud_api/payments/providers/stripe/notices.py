"""Is this event Stripe's, and what is it about?

`Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`: HMAC-SHA256 of `<t>.<body>` under the
endpoint's secret; two of them while a secret is being changed.
Source: https://docs.stripe.com/webhooks/signature.
"""

import hashlib
import hmac
from datetime import UTC, datetime

from cloud_api.payments.errors import ForgedNoticeError
from cloud_api.payments.providers.asking import exactly
from cloud_api.payments.providers.stripe.wire import EVENTS, TOLERANCE, Event
from cloud_api.payments.types import Heed, Notice

_INTENTS = ("payment_intent.succeeded", "payment_intent.processing", "payment_intent.canceled")


def heed(secret: str, notice: Notice, *, now: datetime) -> Heed:
    """What it is about. Raises ForgedNoticeError where it is not signed, or not now."""
    _check(secret, notice, now=now)
    try:
        event = Event.model_validate(exactly(notice.body))
    except ValueError:
        raise ForgedNoticeError from None
    known = event.type in EVENTS or event.type in _INTENTS
    if not known or (event.provider_id is None and event.reference is None):
        return Heed(event_id=event.id, ignored=event.type)
    return Heed(event_id=event.id, reference=event.reference, provider_id=event.provider_id)


def _check(secret: str, notice: Notice, *, now: datetime) -> None:
    parts = [each.partition("=") for each in notice.headers.get("stripe-signature", "").split(",")]
    stamps = [value for name, _, value in parts if name.strip() == "t"]
    shown = [value.strip() for name, _, value in parts if name.strip() == "v1"]
    if not secret or len(stamps) != 1 or not _is_fresh(stamps[0], now):
        raise ForgedNoticeError
    signed = f"{stamps[0]}.".encode() + notice.body
    ours = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(ours.encode(), each.encode()) for each in shown):
        raise ForgedNoticeError


def _is_fresh(stamp: str, now: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdecimal()) or len(stamp) > 12:  # noqa: PLR2004 - of seconds
        return False
    return abs(now - datetime.fromtimestamp(int(stamp), UTC)) <= TOLERANCE
