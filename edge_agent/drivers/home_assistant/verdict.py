"""Did the bolt move? What a lock's states and a service's result say together.

The result alone proves nothing: a jammed lock answers success, too. Result and change come in
either order.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from edge_agent.errors import EdgeError, Jammed, OutcomeUnknown

JAMMED = "jammed"
STILL_MOVING, UNCHANGED, FAILED = "still_moving", "state_did_not_change", "service_failed"
HEARD_ALL_THE_WHILE = frozenset({STILL_MOVING, UNCHANGED, FAILED})
"""Reasons after which asking for the state anew tells nothing new."""
_MOVING = frozenset({"locking", "unlocking", "opening"})


class Move(StrEnum):
    """The service of the lock domain that is called."""

    LOCK = "lock"
    UNLOCK = "unlock"
    OPEN = "open"

    @property
    def wanted(self) -> frozenset[str]:
        """States that show it done. Many locks that pull a latch never tell `open`."""
        return frozenset({"locked"}) if self is Move.LOCK else frozenset({"unlocked", "open"})


@dataclass(slots=True)
class Evidence:
    """What is known since the command went out. `answered` with `refusal` None: success."""

    move: Move
    before: str = ""
    sent: bool = False
    changes: list[str] = field(default_factory=list)
    answered: bool = False
    refusal: EdgeError | None = None

    @property
    def now(self) -> str:
        """The state last heard."""
        return self.changes[-1] if self.changes else self.before

    def hear(self, state: str) -> None:
        """One more state; the same one again (a new attribute) is no change."""
        if state != self.now:
            self.changes.append(state)

    def is_done(self) -> bool:
        """Whether it is proved that the bolt is where it was wanted."""
        if any(state in self.move.wanted for state in self.changes):
            return True
        succeeded = self.answered and self.refusal is None
        return succeeded and self.before == self.now and self.now in self.move.wanted

    def failure(self) -> EdgeError | None:
        """Why waiting longer is of no use, if it is not."""
        if JAMMED in self.changes:
            return Jammed("bolt_did_not_move")
        if self.refusal is not None and not isinstance(self.refusal, OutcomeUnknown):
            return self.refusal  # the server says that nothing was done
        return None

    def when_time_is_up(self) -> EdgeError:
        """What to say when neither came."""
        if self.now == JAMMED:
            return Jammed("bolt_did_not_move")
        if self.refusal is not None:
            return OutcomeUnknown(self.refusal.reason)
        if not self.answered:
            return OutcomeUnknown("no_answer")
        return OutcomeUnknown(STILL_MOVING if self.now in _MOVING else UNCHANGED)
