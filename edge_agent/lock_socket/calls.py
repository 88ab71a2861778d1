"""Which calls exist, with which arguments, answers and bounds?

One table for both sides, so that they cannot drift apart.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from edge_agent.doorkeeper import (
    Attempt,
    Configuration,
    HouseNews,
    HouseState,
    Joined,
    MusicHandBack,
    MusicPermit,
    Refused,
    RequestState,
    RequestView,
    SignedIn,
    StayView,
    Taken,
    ThingPermit,
    Word,
)
from protocol.home import HomeVerb
from protocol.ids import AttemptId, GrantId, LockId, PlayerId, RequestId
from protocol.live import Move

LONGEST_WAIT_SECONDS: Final = 60.0
_BYTES: Final = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


class Nothing(Word):
    """No arguments."""


class Frame(Word):
    """A frame that came down on a channel."""

    model_config = ConfigDict(**_BYTES)

    channel: str
    frame: bytes


class Body(Word):
    """Exact bytes."""

    model_config = ConfigDict(**_BYTES)

    body: bytes


class Session(Word):
    """For a status: this connection."""

    online: bool
    session: str


class HeardStays(Word):
    """Stays whose begin or end was noted."""

    began: tuple[UUID, ...]
    ended: tuple[UUID, ...]


class Running(Word):
    """Under which configuration the agent works."""

    version: int = Field(ge=0)


class Limit(Word):
    """At most so many."""

    limit: int = Field(ge=1, le=1000)


class Wait(Word):
    """At most so long."""

    seconds: float = Field(ge=0, le=LONGEST_WAIT_SECONDS)


class Secret(Word):
    """A link's or companion's secret, or a session's token."""

    secret: str = Field(max_length=200)

    def __repr__(self) -> str:
        """Never the secret."""
        return "Secret(****)"


class MoveDoorWish(Word):
    """Move this door."""

    token: str = Field(max_length=200, repr=False)
    lock: LockId
    move: Move
    attempt: AttemptId
    not_after: float | None = Field(default=None, allow_inf_nan=False)


class AttemptQuestion(Word):
    """Where does it stand?"""

    token: str = Field(max_length=200, repr=False)
    attempt: AttemptId
    seconds: float = Field(ge=0, le=LONGEST_WAIT_SECONDS)


class JoinWish(Word):
    """A companion asks."""

    join_code: str = Field(max_length=200, repr=False)
    name: str = Field(max_length=200)
    wants: tuple[str, ...] = Field(max_length=20)


class RequestDecision(Word):
    """Yes or no."""

    token: str = Field(max_length=200, repr=False)
    request: RequestId
    approve: bool


class DelegationEnd(Word):
    """Send a companion away."""

    token: str = Field(max_length=200, repr=False)
    delegation: GrantId


class TimeWord(Word):
    """A host says what time it is."""

    token: str = Field(max_length=200, repr=False)
    moment: AwareDatetime


class MusicWish(Word):
    """May this person do that?"""

    token: str = Field(max_length=200, repr=False)
    verb: str = Field(max_length=40)
    player: PlayerId | None


class ThingWish(Word):
    """May this person do that to a thing?"""

    token: str = Field(max_length=200, repr=False)
    ask: HomeVerb


@dataclass(frozen=True, slots=True)
class Call[Arguments: Word, Answer]:
    """One question. `repeatable`: asked twice it does no more than asked once."""

    name: str
    arguments: type[Arguments]
    answer: TypeAdapter[Answer]
    seconds: float = 5.0
    repeatable: bool = True


_FRAME: TypeAdapter[bytes] = TypeAdapter(bytes, config=_BYTES)
_MAYBE_FRAME: TypeAdapter[bytes | None] = TypeAdapter(bytes | None, config=_BYTES)
_NONE: TypeAdapter[None] = TypeAdapter(None)
_RELAYED: TypeAdapter[tuple[MusicPermit, bytes | None] | Taken] = TypeAdapter(
    tuple[MusicPermit, bytes | None] | Taken, config=_BYTES
)

TAKE = Call("take", Frame, TypeAdapter(Taken), seconds=15.0)
COMMAND = Call("command", Frame, TypeAdapter(Taken), seconds=20.0, repeatable=False)
STATUS = Call("status", Session, _FRAME)
QUERY = Call("query", Nothing, _FRAME)
CONFIGURATION = Call("configuration", Running, TypeAdapter(Configuration))
FACTS = Call("facts", Limit, _MAYBE_FRAME)
REWIND_FACTS = Call("rewind_facts", Nothing, _NONE)
WAIT_FOR_FACTS = Call("wait_for_facts", Wait, TypeAdapter(bool))
SIGN_IN = Call("sign_in", Secret, TypeAdapter[SignedIn | Refused](SignedIn | Refused), seconds=10.0)
SIGN_OUT = Call("sign_out", Secret, _NONE)
VIEW = Call("view", Secret, TypeAdapter[StayView | Refused](StayView | Refused))
MOVE = Call("move", MoveDoorWish, TypeAdapter(Attempt), repeatable=False)
ATTEMPT = Call("attempt", AttemptQuestion, TypeAdapter[Attempt | Refused](Attempt | Refused))
MAY_JOIN = Call("may_join", Secret, TypeAdapter[Refused | None](Refused | None), seconds=10.0)
JOIN = Call("join", JoinWish, TypeAdapter[Joined | Refused](Joined | Refused), 10.0, False)
REQUEST_STATE = Call(
    "request_state", Secret, TypeAdapter[RequestState | Refused](RequestState | Refused), 10.0
)
DECIDE_REQUEST = Call(
    "decide_request",
    RequestDecision,
    TypeAdapter[RequestView | Refused](RequestView | Refused),
    repeatable=False,
)
END_DELEGATION = Call("end_delegation", DelegationEnd, TypeAdapter[Refused | None](Refused | None))
DECLARE_TIME = Call(
    "declare_time", TimeWord, TypeAdapter[Refused | None](Refused | None), repeatable=False
)
PERMIT = Call("permit", MusicWish, TypeAdapter(MusicPermit))
PERMIT_RELAYED = Call("permit_relayed", Body, _RELAYED, repeatable=False)
SIGN_MUSIC_ANSWER = Call("sign_music_answer", Body, _FRAME)
STAYS = Call("stays", Nothing, TypeAdapter(MusicHandBack), repeatable=True)
STAYS_HEARD = Call("stays_heard", HeardStays, _NONE, repeatable=True)
PERMIT_THING = Call("permit_thing", ThingWish, TypeAdapter(ThingPermit), repeatable=True)
NEWS = Call("news", Nothing, TypeAdapter(HouseNews))
STATE = Call("state", Nothing, TypeAdapter(HouseState))


class Trouble(Word):
    """A declared error on its way over the socket: the name of its class and its reason."""

    error: str
    reason: str
