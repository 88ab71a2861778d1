"""In which ways may the simulated server misbehave, and for how many commands?"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ANY = "*"


class FaultKind(StrEnum):
    """What happens to a command that meets a fault."""

    IGNORED = "ignored"  # nothing is done, nothing is answered
    LOST_REPLY = "lost_reply"  # done, not answered
    LATE = "late"  # done, answered after `seconds`
    ERROR = "error"  # not done, answered with `error_code`
    DROP_BEFORE = "drop_before"  # the link dies, nothing was done
    DROP_AFTER = "drop_after"  # done, then the link dies instead of an answer
    GARBAGE = "garbage"  # done, answered with something that is no JSON
    TWICE = "twice"  # done, answered two times


class Fault(BaseModel):
    """One fault; `command` is a name on the wire or `*`, `times` None means until cleared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    command: str = ANY
    times: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(ge=0, le=600)] = 0.0
    error_code: int = 999


class Pace(BaseModel):
    """How slow the server is, in seconds.

    `volume_event` until a new volume is told, `track_change` until a speaker tells its new track,
    `throttle` between two volume commands of a player; `reorder` lets waiting ones overtake.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    volume_event: Annotated[float, Field(ge=0, le=60)] = 0.3
    track_change: Annotated[float, Field(ge=0, le=60)] = 1.0
    throttle: Annotated[float, Field(ge=0, le=60)] = 0.05
    reorder: bool = False


@dataclass(slots=True)
class Faults:
    """The faults waiting to happen. `tokens_to_reject`: next right tokens refused all the same.

    `refuse_links`: the door answers 503; `mute`: a link is accepted and nothing is ever said.
    """

    tokens_to_reject: int = 0
    refuse_links: bool = False
    mute: bool = False
    _waiting: list[tuple[Fault, int | None]] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Let it happen from the next fitting command on."""
        self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        """Behave again."""
        self._waiting.clear()
        self.tokens_to_reject = 0
        self.refuse_links = False
        self.mute = False

    def meet(self, command: str) -> Fault | None:
        """The fault this command runs into, used up by one."""
        for position, (fault, left) in enumerate(self._waiting):
            if fault.command not in {ANY, command}:
                continue
            if left == 1:
                del self._waiting[position]
            elif left is not None:
                self._waiting[position] = (fault, left - 1)
            return fault
        return None

    def take_token_rejection(self) -> bool:
        """Whether this right token is refused, used up by one."""
        if self.tokens_to_reject == 0:
            return False
        self.tokens_to_reject -= 1
        return True
