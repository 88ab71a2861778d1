"""Who may do what, in which house, and until when?"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    StringConstraints,
    model_validator,
)

from protocol.base import Instant, Sha256Hex, Wire
from protocol.ids import CredentialId, GrantId, LockId, PlayerId, RequestId, StayId
from protocol.sealing import SealedHex


class Verb(StrEnum):
    """What a right allows. A verb this code does not know allows nothing."""

    DOOR_OPEN = "door:open"
    DOOR_LOCK = "door:lock"
    MUSIC_CONTROL = "music:control"
    MUSIC_VOLUME = "music:volume"
    MUSIC_QUEUE = "music:queue"
    HOME_READ = "home:read"
    HOME_USE = "home:use"
    ACCESS_APPROVE = "access:approve"
    ACCESS_OVERRIDE = "access:override"


WITHOUT_OBJECT: frozenset[Verb] = frozenset({Verb.ACCESS_APPROVE, Verb.ACCESS_OVERRIDE})

RightText = Annotated[
    str, StringConstraints(pattern=r"^[a-z]+:[a-z_]+(:[0-9a-f-]{36})?$", max_length=80)
]
"""`door:open:<lock>`, `music:control:<player>`, `access:approve`, or one from a newer version."""


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that may be done to one object (a lock, a player, a thing, or nothing)."""

    verb: Verb
    target: UUID | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for a right this code does not know: it allows nothing."""
        words = text.split(":")
        try:
            verb = Verb(":".join(words[:2]))
            target = UUID(words[2]) if len(words) > len(("verb", "noun")) else None
        except ValueError:
            return None
        return cls(verb, target) if (target is None) == (verb in WITHOUT_OBJECT) else None

    def __str__(self) -> str:
        """As on the wire."""
        return self.verb.value if self.target is None else f"{self.verb.value}:{self.target}"


def open_door(lock: LockId) -> Right:
    """The right to open one door."""
    return Right(Verb.DOOR_OPEN, lock)


def control_music(player: PlayerId) -> Right:
    """The right to steer one player."""
    return Right(Verb.MUSIC_CONTROL, player)


class Window(Wire):
    """Half-open `[starts, ends)` in UTC. The wire says `from` and `until`."""

    starts: Instant = Field(alias="from")
    ends: Instant = Field(alias="until")

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.starts >= self.ends:
            raise ValueError("a window ends after it starts")
        return self

    def contains(self, other: "Window") -> bool:
        """True when the other window lies wholly inside."""
        return self.starts <= other.starts and other.ends <= self.ends


class Role(StrEnum):
    """Who the holder of a grant is. Rights decide, the role explains."""

    GUEST = "guest"
    COMPANION = "companion"
    STAFF = "staff"
    OWNER = "owner"


class PinWish(Wire):
    """A PIN one lock shall hold. `box` opens with context `pin_context(house, grant, lock)`."""

    credential: CredentialId
    lock: LockId
    window: Window
    box: SealedHex


MOST_RIGHTS = 100
MOST_PINS = 32


class Grant(Wire):
    """Who, which rights, when, under which limits. Signed as part of a snapshot.

    `lan_secret_hash`: SHA-256 of the LAN link's secret; the house never sees the cloud's secret.
    `private`: a box with `PrivateWords`, context `private_context(house, grant)`.
    `parent`: for a companion's grant, the grant it hangs on and dies with.
    """

    id: GrantId
    stay: StayId | None = None
    parent: GrantId | None = None
    generation: PositiveInt = 1
    role: Role
    window: Window
    rights: tuple[RightText, ...] = Field(max_length=MOST_RIGHTS)
    checked_in: bool = False
    lan_secret_hash: Sha256Hex | None = None
    pins: tuple[PinWish, ...] = Field(default=(), max_length=MOST_PINS)
    private: SealedHex | None = None
    max_delegations: NonNegativeInt = 0

    def has(self, right: Right) -> bool:
        """True when the grant lists exactly this right."""
        return str(right) in self.rights


class StayFacts(Wire):
    """What a house's own automations may want to know of a stay; None: nobody said."""

    pool_heating: bool | None = None
    paid_in_full: bool | None = None
    level: str | None = Field(default=None, max_length=100)
    points: int | None = None


class PrivateWords(Wire):
    """What only the house may read of a grant."""

    name: str = Field(max_length=200)
    language: str = Field(default="en", max_length=10)
    facts: StayFacts = StayFacts()


class Delegation(Wire):
    """A right passed on in the house, signed by the house's own key.

    `secret_hash`: SHA-256 of the companion's LAN secret. `approved_by` is the grant of the person
    who said yes; the delegation is re-checked against `parent` at every use and dies with it.
    """

    id: GrantId
    request: RequestId
    parent: GrantId
    approved_by: GrantId
    made_at: Instant
    window: Window
    rights: tuple[RightText, ...] = Field(min_length=1, max_length=50)
    secret_hash: Sha256Hex
    name_box: SealedHex | None = None


DELEGABLE: frozenset[Verb] = frozenset(
    {Verb.DOOR_OPEN, Verb.DOOR_LOCK, Verb.MUSIC_CONTROL, Verb.MUSIC_VOLUME, Verb.MUSIC_QUEUE}
)
"""What may be passed on at all; approving and overriding may not."""


class Refusal(StrEnum):
    """Why the answer is no; stable words for audit, pages and messages."""

    NO_BOOK = "no_book"
    UNKNOWN_GRANT = "unknown_grant"
    REVOKED = "revoked"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    NO_SUCH_RIGHT = "no_such_right"
    TIME_UNKNOWN = "time_unknown"
    LEASE_ENDED = "lease_ended"
    PARENT_ENDED = "parent_ended"
    NOT_DELEGABLE = "not_delegable"
    TOO_MANY_DELEGATIONS = "too_many_delegations"
    NONCE_UNKNOWN = "nonce_unknown"
    NONCE_EXPIRED = "nonce_expired"
    TOO_LATE = "too_late"
    TOO_MANY_OUTSTANDING = "too_many_outstanding"
    NOT_SIGNED_IN = "not_signed_in"
    STORAGE_UNTRUSTED = "storage_untrusted"
    UNKNOWN_TARGET = "unknown_target"
    REQUEST_GONE = "request_gone"


def secret_hash(secret: str) -> str:
    """What is stored and sent of a link's secret: SHA-256 over its text, as hex."""
    return sha256(secret.encode()).hexdigest()


def pin_context(house: UUID, grant: UUID, lock: UUID) -> str:
    """The context a PIN's box is bound to."""
    return f"{house}|{grant}|{lock}"


def private_context(house: UUID, grant: UUID) -> str:
    """The context the private words of a grant are bound to."""
    return f"{house}|{grant}|private"


def name_context(house: UUID, request: UUID) -> str:
    """The context of a companion's name on its way to the cloud."""
    return f"{house}|{request}|name"
