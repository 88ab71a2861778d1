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
    ERROR = "error"  # not done, answered with `code`
    ERROR_AFTER = "error_after"  # done, and answered with `code`
    DROP_BEFORE = "drop_before"  # the link dies, nothing was done
    DROP_AFTER = "drop_after"  # done, then the link dies instead of an answer
    GARBAGE = "garbage"  # done, answered with something that is no JSON


class Fault(BaseModel):
    """One fault. `command` is a type on the wire, `domain.service` for a service, or `*`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    command: str = ANY
    times: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(ge=0, le=600)] = 0.0
    code: str = "home_assistant_error"


class Pace(BaseModel):
    """How slow things are, in seconds.

    `motor` is how long a bolt moves, told as locking or unlocking meanwhile; `result_first`: the
    service answers when the motor starts, not when it has ended; `tell` is how much later than the
    thing itself the server knows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    motor: Annotated[float, Field(ge=0, le=60)] = 0.3
    tell: Annotated[float, Field(ge=0, le=60)] = 0.0
    result_first: bool = False


@dataclass(slots=True)
class Faults:
    """The faults waiting to happen. `tokens_to_reject`: next right tokens refused all the same.

    `refuse_links`: the door answers 503; `mute`: a link is accepted and nothing is ever said;
    `deaf_bolts`: services succeed and no bolt moves.
    """

    tokens_to_reject: int = 0
    refuse_links: bool = False
    mute: bool = False
    deaf_bolts: bool = False
    _waiting: list[tuple[Fault, int | None]] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Let it happen from the next fitting command on."""
        self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        """Behave again."""
        self._waiting.clear()
        self.tokens_to_reject = 0
        self.refuse_links = self.mute = self.deaf_bolts = False

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
