"""How does a person far away open a door now, at most once, and never late?

Cloud asks (`NonceRequest`), house answers with a one-use nonce bound to lock, actor and command
(`NonceGrant`), cloud sends the command with it (`LiveCommand`), house decides again and tells what
truly happened (`CommandOutcome`). The command carries no right of its own.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from protocol.access import Refusal
from protocol.base import Instant, Wire
from protocol.house import Nonce
from protocol.ids import AttemptId, CommandId, GrantId, HouseId, LockId
from protocol.life import LifeId

NONCE_SECONDS = 10
"""The longest life of a nonce, by the house's monotonic clock."""

MAX_OUTSTANDING_NONCES = 4
"""Per lock."""

Move = Literal["open", "lock"]


class NonceRequest(Wire):
    """May I send this command? Names everything the nonce will be bound to.

    `seconds`: how much is left of the ten since the person asked; the nonce lives no longer.
    """

    house: HouseId
    command: CommandId
    grant: GrantId
    lock: LockId
    move: Move
    seconds: float = Field(default=NONCE_SECONDS, gt=0, le=NONCE_SECONDS)


class NonceGrant(Wire):
    """The nonce, or why there is none. `life`: which start of the house's device gave it."""

    house: HouseId
    command: CommandId
    nonce: Nonce | None
    refusal: Refusal | None = None
    life: LifeId | None = None


class LiveCommand(Wire):
    """Do it now. Everything must match what the nonce was given for."""

    house: HouseId
    command: CommandId
    grant: GrantId
    lock: LockId
    move: Move
    nonce: Nonce


class Outcome(StrEnum):
    """What truly happened at the door."""

    OPENED = "opened"
    LOCKED = "locked"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CommandOutcome(Wire):
    """The end of one command. `reason`: a Refusal, or a driver's stable word."""

    house: HouseId
    command: CommandId
    attempt: AttemptId | None
    outcome: Outcome
    reason: str | None = Field(default=None, max_length=100)
    at: Instant


LOOK_EVERY_SECONDS = 10
"""At most one look at a lock in this time."""


class Look(Wire):
    """Something may have happened at this lock: look soon. Carries no right and no content.

    Worth nothing after `until`.
    """

    house: HouseId
    lock: LockId
    until: Instant
