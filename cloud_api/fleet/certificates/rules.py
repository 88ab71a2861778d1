"""May this certificate be renewed, and is it worth it?"""

from datetime import datetime, timedelta
from enum import StrEnum

from cloud_api.fleet.certificates.types import Certificate
from protocol.certificates import GRACE

FRESH = timedelta(days=1)
"""Asked again sooner, the device gets what it has: an answer may have been lost."""


class Renewal(StrEnum):
    """What becomes of a wish to renew."""

    NEW = "new"
    SAME = "same"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    EXPIRED = "expired"


def renewal(newest: Certificate | None, *, now: datetime) -> Renewal:
    """`newest`: of this house and this very key."""
    if newest is None:
        return Renewal.UNKNOWN
    if newest.refused_at is not None:
        return Renewal.REFUSED
    if newest.ends + GRACE <= now:
        return Renewal.EXPIRED
    return Renewal.SAME if now - newest.issued_at < FRESH else Renewal.NEW
