"""What happened in a house, so that nothing can be lost, altered or slipped in?

Facts are numbered without gaps and chained: each carries the SHA-256 of the exact bytes of the one
before. The same rows are the house's audit and its outbox. The cloud acknowledges a number *and*
the head's hash, signed; the house keeps what is acknowledged for weeks, for a restored cloud.
"""

from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from protocol.access import Refusal, Role, Window
from protocol.base import Instant, Sha256Hex, Wire
from protocol.configuration import Configured
from protocol.house import ClockState
from protocol.ids import (
    AttemptId,
    CommandId,
    CredentialId,
    GrantId,
    HouseId,
    LockId,
    PlayerId,
    RequestId,
    ThingId,
)
from protocol.live import Outcome
from protocol.sealing import SealedHex

GENESIS = "0" * 64
"""`previous` of fact number 1."""

Word = Annotated[str, Field(max_length=100)]


class Via(StrEnum):
    """Through which door a wish came."""

    LAN = "lan"
    REMOTE = "remote"
    HOST_OVERRIDE = "host_override"


class Decided(Wire):
    """A decision, durable before anything moves. `grant` may be one the book does not know."""

    kind: Literal["decided"] = "decided"
    attempt: AttemptId
    grant: GrantId
    role: Role | None
    right: Annotated[str, Field(max_length=80)]
    via: Via
    command: CommandId | None = None
    allowed: bool
    refusal: Refusal | None = None
    clock: ClockState


class Acted(Wire):
    """What became of an allowed attempt. UNKNOWN may later be followed by the truth."""

    kind: Literal["acted"] = "acted"
    attempt: AttemptId
    lock: LockId | None = None
    player: PlayerId | None = None
    outcome: Outcome
    reason: Word | None = None
    battery_percent: int | None = None


class SnapshotApplied(Wire):
    """A new book is in force."""

    kind: Literal["snapshot_applied"] = "snapshot_applied"
    epoch: PositiveInt
    version: PositiveInt
    hash: Sha256Hex


class FirstUsed(Wire):
    """A grant opened a door for the first time: the guest has arrived."""

    kind: Literal["first_used"] = "first_used"
    grant: GrantId


class SignedIn(Wire):
    """Somebody used a LAN link; wrong secrets are counted, not stored."""

    kind: Literal["signed_in"] = "signed_in"
    grant: GrantId


class Requested(Wire):
    """A companion asks. `name_box` opens for the cloud with `name_context(house, request)`."""

    kind: Literal["requested"] = "requested"
    request: RequestId
    parent: GrantId
    rights: tuple[Annotated[str, Field(max_length=80)], ...]
    name_box: SealedHex | None
    expires_at: Instant


class RequestDecided(Wire):
    """Somebody with the right said yes or no; `delegation` is the signed envelope, as text."""

    kind: Literal["request_decided"] = "request_decided"
    request: RequestId
    approved: bool
    by: GrantId
    delegation: Annotated[str, Field(max_length=20000)] | None = None


class DelegationEnded(Wire):
    """A delegation died in the house."""

    kind: Literal["delegation_ended"] = "delegation_ended"
    delegation: GrantId
    reason: Word


class PinState(StrEnum):
    """Where a PIN stands at one lock."""

    WANTED = "wanted"
    WRITTEN = "written"
    READ_BACK = "read_back"
    FIRST_USED = "first_used"
    REMOVED = "removed"
    REMOVAL_UNCONFIRMED = "removal_unconfirmed"
    FAILED = "failed"


class PinNext(StrEnum):
    """Whose turn it is, where a PIN has not got as far as it should."""

    RETRY = "retry"
    ANOTHER_PIN = "another_pin"
    NEEDS_A_HUMAN = "needs_a_human"


FORMER_PIN = "former_pin_not_proven_gone"
"""Reason beside a PIN that works: somebody else's former one may still work too."""


class PinMoved(Wire):
    """A PIN's state changed at one lock.

    `window`: the life it shall have; `held`: the one the lock was last proven to hold. `mark` (the
    house's own keyed hash of the digits) and `box` (the digits, sealed to the house itself) let a
    house that lost its memory take its PINs out all the same; nobody else can read either.
    """

    kind: Literal["pin"] = "pin"
    credential: CredentialId
    grant: GrantId
    lock: LockId
    state: PinState
    reason: Word | None = None
    next: PinNext | None = None
    window: Window | None = None
    held: Window | None = None
    mark: Sha256Hex | None = None
    box: SealedHex | None = None


class ClockChanged(Wire):
    """Trust in time was gained, lost or overridden."""

    kind: Literal["clock"] = "clock"
    state: ClockState
    reason: Word


class LockWitnessed(Wire):
    """The lock's own log tells of a movement; `ours` false: opened, but not by us."""

    kind: Literal["lock_witnessed"] = "lock_witnessed"
    lock: LockId
    number: NonNegativeInt
    what: Word
    ours: bool
    credential: CredentialId | None = None


class LockCared(Wire):
    """How a lock fares, once a day. `clock_off_seconds`: ahead is positive, before it was set.

    `drift_seconds_a_day` and `battery_lasts_until` follow from the readings of some weeks; None
    while there are too few.
    """

    kind: Literal["lock_cared"] = "lock_cared"
    lock: LockId
    clock_off_seconds: float | None = None
    drift_seconds_a_day: float | None = None
    battery_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    battery_lasts_until: Instant | None = None
    firmware: Word | None = None


class MusicActed(Wire):
    """Somebody steered the music."""

    kind: Literal["music"] = "music"
    grant: GrantId
    player: PlayerId | None
    verb: Word
    allowed: bool
    reason: Word | None = None


class HomeActed(Wire):
    """Somebody asked something of a thing of the house; `on` or `degrees` is what for."""

    kind: Literal["home"] = "home"
    grant: GrantId
    thing: ThingId
    on: bool | None = None
    degrees: float | None = None
    allowed: bool
    reason: Word | None = None


class Started(Wire):
    """lockd came up, on a boot."""

    kind: Literal["started"] = "started"
    boot: Word
    software: Word


class Alarmed(Wire):
    """Something a person should look at. `name` is a stable word, `detail` holds no secret."""

    kind: Literal["alarm"] = "alarm"
    name: Word
    detail: Annotated[str, Field(max_length=500)] = ""


FactBody = Annotated[
    Decided
    | Acted
    | SnapshotApplied
    | FirstUsed
    | SignedIn
    | Requested
    | RequestDecided
    | DelegationEnded
    | PinMoved
    | ClockChanged
    | LockWitnessed
    | LockCared
    | MusicActed
    | HomeActed
    | Started
    | Alarmed
    | Configured,
    Field(discriminator="kind"),
]


class Fact(Wire):
    """One numbered, chained fact. Time is the interval the house could vouch for."""

    house: HouseId
    sequence: PositiveInt
    previous: Sha256Hex
    at_earliest: Instant
    at_latest: Instant | None
    body: FactBody


def fact_hash(exact: bytes) -> str:
    """What the next fact's `previous` must be."""
    return sha256(exact).hexdigest()


class FactBatch(Wire):
    """Consecutive facts; each entry is the exact JSON text that was hashed."""

    house: HouseId
    facts: tuple[str, ...] = Field(min_length=1, max_length=200)


class Receipt(Wire):
    """The cloud holds everything through this number, and this was its hash."""

    house: HouseId
    through: NonNegativeInt
    head: Sha256Hex


class Again(Wire):
    """Send again, starting with this number."""

    house: HouseId
    from_sequence: PositiveInt
