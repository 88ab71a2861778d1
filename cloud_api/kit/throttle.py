"""Has this been tried too often lately?

A sliding window over the database's clock: the present slot counts whole, the one before in
proportion to how much of it still lies inside the window. One atomic statement per attempt, in a
transaction of its own, so a refused request that rolls back is counted all the same.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

from sqlalchemy import text

from cloud_api.kit.db import Database, Session

_HIT = text("""
WITH t AS (
    SELECT floor(extract(epoch FROM now()) / :seconds)::bigint AS slot,
           extract(epoch FROM now()) / :seconds
             - floor(extract(epoch FROM now()) / :seconds) AS gone
), hit AS (
    INSERT INTO throttle_slots (bucket, slot, hits, counts_until)
    SELECT :bucket, slot, 1, now() + make_interval(secs => 2 * :seconds) FROM t
    ON CONFLICT (bucket, slot) DO UPDATE SET hits = throttle_slots.hits + 1
    RETURNING hits
)
SELECT (SELECT hits FROM hit) + coalesce(
         (SELECT hits FROM throttle_slots b WHERE b.bucket = :bucket AND b.slot = t.slot - 1)
         * (1 - t.gone), 0) AS weight,
       ceil((1 - t.gone) * :seconds)::int AS wait
FROM t
""")
_FORGET = text("DELETE FROM throttle_slots WHERE bucket = :bucket")
_PURGE = text("DELETE FROM throttle_slots WHERE counts_until < now()")


_HOME_PREFIX = 64
"""IPv6 gives each home that many addresses' worth of a prefix; one caller is one home."""


def source_of(host: str | None) -> str:
    """Under which name a caller's address is counted: IPv4 as it is, IPv6 by its /64."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, _HOME_PREFIX), strict=False))


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` in each `window`."""

    attempts: int
    window: timedelta


class Throttle:
    """Counts attempts per named thing; names are stored as keyed hashes."""

    def __init__(self, database: Database, *, key: bytes) -> None:
        self._database = database
        self._key = key

    async def hit(self, kind: str, name: str, limit: Limit) -> int | None:
        """Count one attempt. Answers None when allowed, else the seconds to wait."""
        values = {"bucket": self._bucket(kind, name), "seconds": limit.window.total_seconds()}
        async with self._database.transaction() as session:
            weight, wait = (await session.execute(_HIT, values)).one()
        return max(1, wait) if weight > limit.attempts else None

    async def forget(self, kind: str, name: str) -> None:
        """Start counting anew, after a success."""
        async with self._database.transaction() as session:
            await session.execute(_FORGET, {"bucket": self._bucket(kind, name)})

    def _bucket(self, kind: str, name: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{name}".encode(), hashlib.sha256)


async def purge(session: Session) -> None:
    """Drop what no window can see any more."""
    await session.execute(_PURGE)
