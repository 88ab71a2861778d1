"""Is there room to record what happens, and is all that was ever recorded still sound?"""

import asyncio
from typing import Final, Protocol

from edge_agent.actions.means import Means
from protocol.facts import Alarmed

_SLICE: Final = 200
_PAUSE_SECONDS: Final = 0.02


class FirstBreak(Protocol):
    """The first of `limit` facts after number `after` that does not follow; None when all do."""

    def __call__(self, *, after: int, limit: int) -> int | None:
        """Ask."""


def chain_broken(sequence: int) -> Alarmed:
    """Somebody or something altered the record."""
    return Alarmed(name="audit_chain_broken", detail=str(sequence))


class RecordRoom:
    """Tells in time that room runs out, once, and makes some as far as that is allowed."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._told: str | None = None

    def look(self) -> None:
        """Forget acknowledged facts at the ceiling; an alarm whenever the state gets worse."""
        audit = self._means.audit
        room = audit.room()
        forgotten = audit.make_room()
        if forgotten and not room.is_left:
            room = audit.room()
        self._tell(_state(room.facts_left, room.bytes_left, forgotten=forgotten))

    def _tell(self, state: str | None) -> None:
        if state is not None and state != self._told:
            audit = self._means.audit
            waiting = audit.head().sequence - audit.acknowledged()
            self._means.record(Alarmed(name=state, detail=f"{waiting} facts not acknowledged"))
        self._told = state


def _state(facts_left: int, bytes_left: int, *, forgotten: int) -> str | None:
    if bytes_left <= 0:
        return "disk_full_no_opening"
    if facts_left <= 0:
        return "audit_full_no_opening"
    return "audit_ceiling_reached" if forgotten else None


async def check_chain(means: Means, first_break: FirstBreak, *, through: int) -> None:
    """Look at the facts up to number `through` in short turns; a break is an alarm, told once."""
    after = 0
    while after < through:
        broken = first_break(after=after, limit=_SLICE)
        if broken is not None:
            if broken <= through + 1:
                means.record(chain_broken(broken))
            return
        after = max(after, means.audit.oldest() - 1) + _SLICE
        await asyncio.sleep(_PAUSE_SECONDS)
