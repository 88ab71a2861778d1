"""The cloud was told that something happened at a lock: is it worth a look?

A hint has no content and no right: all it can do is bring a look forward, not more often than so.
"""

from collections import Counter
from collections.abc import Mapping

from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.means import Means
from protocol.envelope import Kind
from protocol.ids import LockId
from protocol.keys import KeyUse
from protocol.live import LOOK_EVERY_SECONDS, Look


class LookHints:
    """Takes hints; `counted` says what became of them."""

    def __init__(self, means: Means, rooms: Mapping[LockId, LockRoom]) -> None:
        self._means = means
        self._rooms = rooms
        self._looked: dict[LockId, float] = {}
        self.counted: Counter[str] = Counter()

    def take(self, frame: bytes) -> str:
        """`heard`, or why nothing follows. Raises EnvelopeError."""
        look = self._means.opened(frame, Kind.LOOK, Look, KeyUse.LIVE)
        word = self._why_not(look) or "heard"
        self.counted[word] += 1
        if word == "heard":
            self._looked[look.lock] = self._means.time.boot_seconds()
            self._rooms[look.lock].news.set()
        return word

    def _why_not(self, look: Look) -> str | None:
        if look.lock not in self._rooms:
            return "unknown_lock"
        if look.until <= self._means.time.now().earliest:
            return "too_late"
        last = self._looked.get(look.lock)
        now = self._means.time.boot_seconds()
        return "too_soon" if last is not None and now - last < LOOK_EVERY_SECONDS else None
