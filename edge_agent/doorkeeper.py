"""What may the agent ask of lockd, the only process that decides and moves bolts?

Frames are signed envelopes of `protocol`: lockd opens and verifies them itself and answers with
frames it signed itself; the agent only carries. People on the LAN are known to lockd by a session
token that lockd issued; the agent cannot act for a grant of its own choosing. These values cross a
unix socket, hence pydantic.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from protocol.access import Refusal, Role
from protocol.configuration import HouseSettings
from protocol.envelope import Flaw
from protocol.home import HomeVerb, HomeWord, Thing
from protocol.ids import AttemptId, GrantId, LockId, PlayerId, RequestId
from protocol.live import Move, Outcome
from protocol.music import MusicRules


class Word(BaseModel):
    """A value that crosses the socket between agent and lockd."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Taken(Word):
    """What became of a frame: `reply` goes up to the cloud; `flaw` says why it was refused."""

    reply: bytes | None = None
    flaw: Flaw | None = None
    reason: str | None = None

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )


class SignedIn(Word):
    """A LAN session. `token` is a secret of 32 random bytes as hex, kept in a cookie."""

    token: str
    grant: GrantId
    expires_at: AwareDatetime

    def __repr__(self) -> str:
        """Never the token."""
        return f"SignedIn(grant={self.grant})"


class Refused(Word):
    """No, and why."""

    refusal: Refusal


class DoorView(Word):
    """A door as its guest sees it; `state` as last read, `pin` only for the PIN's own guest."""

    lock: LockId
    name: str
    shared: bool
    may_open: bool
    may_lock: bool
    bolt: Literal["locked", "unlocked", "unknown"]
    battery_percent: int | None = None
    pin: str | None = None
    pin_state: str | None = None

    def __repr__(self) -> str:
        """Never the PIN."""
        return f"DoorView({self.name})"


class PlayerRights(Word):
    """A player and what this person may do with it."""

    player: PlayerId
    name: str
    speaker: str
    may_control: bool
    may_set_volume: bool
    may_queue: bool


class RequestState(StrEnum):
    """Where a companion's request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    ENDED = "ended"


class RequestView(Word):
    """A companion's request, as the person who may approve sees it."""

    request: RequestId
    name: str
    wants: tuple[str, ...]
    state: RequestState
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    delegation: GrantId | None = None


class StayView(Word):
    """Everything the LAN page shows one person.

    `clock`: the house's own clock as this was written, in seconds that never jump. It has no date;
    a page reckons from it until when a tap is worth anything (`GuestGate.move`).
    """

    clock: float
    grant: GrantId
    role: Role
    name: str | None
    house: str | None = None
    language: str
    zone: str
    starts: AwareDatetime
    ends: AwareDatetime
    usable: bool
    refusal: Refusal | None
    doors: tuple[DoorView, ...]
    players: tuple[PlayerRights, ...]
    may_approve: bool
    join_code: str | None = None
    requests: tuple[RequestView, ...] = ()

    def __repr__(self) -> str:
        """Never the join code or a PIN."""
        return f"StayView(grant={self.grant}, role={self.role})"


class Attempt(Word):
    """An attempt at a door. While `outcome` is None it is under way."""

    attempt: AttemptId
    lock: LockId
    move: Move
    outcome: Outcome | None
    refusal: Refusal | None = None
    reason: str | None = None


class Joined(Word):
    """A request was filed; `secret` is the companion's own, shown once, 32 bytes as hex."""

    request: RequestId
    secret: str
    expires_at: AwareDatetime

    def __repr__(self) -> str:
        """Never the secret."""
        return f"Joined(request={self.request})"


class ThingRights(Word):
    """A thing this person may see, and whether to use it too."""

    thing: Thing
    may_use: bool


class ThingPermit(Word):
    """lockd's word on one wish for a thing, already on record; `things` it is about."""

    allowed: bool
    grant: GrantId | None
    refusal: Refusal | None = None
    things: tuple[ThingRights, ...] = ()


class StayNews(Word):
    """A stay under way. Whatever the host did not name is None."""

    stay: GrantId
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None
    first_name: str | None = None
    pool_heating: bool | None = None
    paid_in_full: bool | None = None
    level: str | None = None
    points: int | None = None

    def __repr__(self) -> str:
        """Never the name."""
        return f"StayNews(stay={self.stay})"


class HouseNews(Word):
    """What the house's own automations may know.

    `is_certain`: book and time allow to say who stays; while not, no stay has begun or ended.
    """

    is_certain: bool
    tells: tuple[HomeWord, ...]
    stays: tuple[StayNews, ...] = ()
    next_check_in: AwareDatetime | None = None
    approvals: int = 0


class MusicPermit(Word):
    """lockd's word on one wish for music, already on record.

    `ceiling` is the volume that may not be passed right now; `players` whom the grant may use.
    `leads`: not a companion; where guests take turns, only who leads may jump the queue.
    `things`: where the wish was for a thing of the house, the word on that.
    """

    allowed: bool
    grant: GrantId | None
    refusal: Refusal | None = None
    ceiling: int = Field(default=100, ge=0, le=100)
    rules: MusicRules = MusicRules()
    leads: bool = True
    players: tuple[PlayerRights, ...] = ()
    things: ThingPermit | None = None


class MusicHandBack(Word):
    """Stays whose music has to be handed back or has begun, and the players they touch."""

    began: tuple[UUID, ...]
    ended: tuple[UUID, ...]
    players: dict[str, tuple[str, ...]]


class HouseState(Word):
    """What the agent needs for health and pages; nothing private.

    `earliest`, `latest`: now, as far as it is proven. `recording`: there is room on record.
    `disputed`: the cloud has other facts under our numbers, as when another device has our keys.
    `rival`: the device's life that is this house by the cloud's word, where it is not this one.
    `ceiling`: the loudest volume allowed; `speakers`: the house's, by the music server's ids.
    `lock_servers`: marks of the Home Assistants that move locks; the agent gets no token of those.
    """

    house: UUID
    clock: Literal["trusted", "time_unknown"]
    earliest: AwareDatetime
    latest: AwareDatetime | None
    epoch: int | None
    version: int | None
    facts_through: int
    facts_acknowledged: int
    flaws: dict[str, int]
    rules: MusicRules
    ceiling: int = Field(default=100, ge=0, le=100)
    speakers: tuple[str, ...] = ()
    lock_servers: tuple[str, ...] = ()
    recording: bool = True
    disputed: bool = False
    rival: str | None = None


class Configuration(Word):
    """The settings from afar that are in force. `version` 0: none, all is as set in the house."""

    version: int
    settings: HouseSettings


class CloudGate(Protocol):
    """Frames from and to the cloud."""

    async def take(self, channel: str, frame: bytes) -> Taken:
        """Hand over a frame of one `protocol.topics.Down` channel; the reply, if any, goes up.

        snapshot → ack; ask → nonce; command → outcome; current → the question once more, where
        the cloud wants it; receipt, keys, config, look → nothing; again → nothing (the cursor
        moves). music is taken by `permit_relayed`.
        """

    async def status(self, *, online: bool, session: str) -> bytes:
        """A signed house status for this connection."""

    async def query(self) -> bytes:
        """A signed "what is current?" with a fresh nonce."""

    async def configuration(self, *, running: int) -> Configuration:
        """The settings from afar that are in force; `running`: the version the agent works under.

        A new version is proved when the cloud answers a question that was asked under it.
        """

    async def facts(self, *, limit: int) -> bytes | None:
        """The next signed batch of facts not yet acknowledged and not yet handed out, or None."""

    async def rewind_facts(self) -> None:
        """A new connection: hand out again from the first unacknowledged fact."""

    async def wait_for_facts(self, *, timeout_seconds: float) -> bool:
        """True as soon as there is something new to send."""


class GuestGate(Protocol):
    """People on the LAN."""

    async def sign_in(self, secret: str) -> SignedIn | Refused:
        """Trade a LAN link's secret (booker's, staff's or companion's) for a session."""

    async def sign_out(self, token: str) -> None:
        """Forget a session; unknown ones are fine."""

    async def view(self, token: str) -> StayView | Refused:
        """What this person sees now."""

    async def move(
        self,
        token: str,
        lock: LockId,
        move: Move,
        attempt: AttemptId,
        *,
        not_after: float | None = None,
    ) -> Attempt:
        """Start moving; the same attempt id again answers the same attempt, never a second move.

        `not_after`: seconds of the house's own clock (`StayView.clock`) after which nobody wants it
        any more; at most ten from now, and those ten when nobody said. Wherever the wish was held
        up, behind that instant it is refused as too late and no motor moves.
        Returns once the decision is durable; the outcome follows through `attempt`.
        """

    async def attempt(
        self, token: str, attempt: AttemptId, *, wait_seconds: float
    ) -> Attempt | Refused:
        """Where an attempt stands; waits up to that long for its outcome."""

    async def may_join(self, join_code: str) -> Refused | None:
        """Whether a companion may ask with this code; a made-up one waits for its answer."""

    async def join(self, join_code: str, *, name: str, wants: tuple[str, ...]) -> Joined | Refused:
        """A companion asks for verbs such as `music:control` or `door:open`."""

    async def request_state(self, secret: str) -> RequestState | Refused:
        """For the waiting companion; approved means `sign_in` with the secret works."""

    async def decide_request(
        self, token: str, request: RequestId, *, approve: bool
    ) -> RequestView | Refused:
        """The booker says yes or no."""

    async def end_delegation(self, token: str, delegation: GrantId) -> Refused | None:
        """The booker removes a companion."""

    async def declare_time(self, token: str, moment: datetime) -> Refused | None:
        """While the house cannot know the time: whoever may override says it, on record.

        REQUEST_GONE: it is known. TIME_UNKNOWN: it cannot be that time.
        """


class MusicGate(Protocol):
    """Decisions about music; the agent carries them out."""

    async def permit(self, token: str, verb: str, player: PlayerId | None) -> MusicPermit:
        """May this person do that? Recorded as a fact."""

    async def permit_relayed(self, frame: bytes) -> tuple[MusicPermit, bytes | None] | Taken:
        """A relayed request: verified, not expired, not seen before, decided.

        Returns the permit and the exact body bytes of the `MusicRequest`, or why it was refused.
        """

    async def sign_music_answer(self, body: bytes) -> bytes:
        """Sign a `MusicAnswer`."""

    async def stays(self) -> MusicHandBack:
        """Which stays began and ended; each is told until it is heard (`stays_heard`)."""

    async def stays_heard(self, *, began: tuple[UUID, ...], ended: tuple[UUID, ...]) -> None:
        """The agent has durably noted these; they are not told again."""


class HomeGate(Protocol):
    """Decisions about heating, lights and switches; the agent carries them out."""

    async def permit_thing(self, token: str, ask: HomeVerb) -> ThingPermit:
        """May this person do that? Using a thing is recorded as a fact, looking is not."""

    async def news(self) -> HouseNews:
        """For the house's own automations: what the host lets them know, and no secret."""


class StateGate(Protocol):
    """For health."""

    async def state(self) -> HouseState:
        """Numbers only."""
