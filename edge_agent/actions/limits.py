"""Has this one asked too often just now?"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable


class Pace:
    """At most `times` in `seconds` for each key; in memory, for who asked in the last two spans."""

    def __init__(self, times: int, seconds: float, *, now: Callable[[], float]) -> None:
        self._times = times
        self._seconds = seconds
        self._now = now
        self._asked: dict[Hashable, deque[float]] = defaultdict(deque)
        self._swept = now()

    def allows(self, key: Hashable) -> bool:
        """Count one more; False when that is too many, and then it does not count."""
        recent = self._recent(key)
        if len(recent) >= self._times:
            return False
        recent.append(self._now())
        return True

    def count(self, key: Hashable) -> int:
        """How many of late."""
        return len(self._recent(key))

    def _recent(self, key: Hashable) -> deque[float]:
        now = self._now()
        oldest = now - self._seconds
        if self._swept <= oldest:
            self._sweep(now, oldest)
        recent = self._asked[key]
        while recent and recent[0] <= oldest:
            recent.popleft()
        return recent

    def _sweep(self, now: float, oldest: float) -> None:
        """Once in a while, not at every question: who has not asked since is forgotten."""
        self._swept = now
        for other in [
            each for each, times in self._asked.items() if not times or times[-1] <= oldest
        ]:
            del self._asked[other]
