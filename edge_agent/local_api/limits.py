"""Who has tried too often? Counts in memory, bounded, by address and for the house as a whole."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

Seconds = Callable[[], float]
"""A clock that never goes back."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A bucket an address and one for all; each refills evenly over its minute.

    The common bucket is large: it protects the machine, not the secrets, which nobody guesses.
    One address that has used up its own share takes nothing more from the others.
    """

    def __init__(
        self, now: Seconds, *, per_address: int, for_all: int, addresses: int = 1024
    ) -> None:
        self._now = now
        self._per_address = per_address
        self._for_all = for_all
        self._addresses = addresses
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._all = _Bucket(for_all, now())

    def wait_seconds(self, address: str) -> float:
        """0: go ahead, one try is spent. Else after how many seconds there is one again."""
        own = self._bucket(address)
        waits = self._refill(own, self._per_address)
        if waits > 0:
            return waits
        waits = self._refill(self._all, self._for_all)
        if waits > 0:
            return waits
        own.tokens -= 1
        self._all.tokens -= 1
        return 0.0

    def _bucket(self, address: str) -> _Bucket:
        bucket = self._buckets.pop(address, None) or _Bucket(self._per_address, self._now())
        self._buckets[address] = bucket
        if len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        return bucket

    def _refill(self, bucket: _Bucket, a_minute: int) -> float:
        now = self._now()
        bucket.tokens = min(a_minute, bucket.tokens + (now - bucket.at) * a_minute / 60)
        bucket.at = now
        return 0.0 if bucket.tokens >= 1 else (1 - bucket.tokens) * 60 / a_minute
