"""What do people on the LAN get from lockd? A stand-in for its guest side, on the same Protocol.

Strict: a token or secret that was not given out is refused; an attempt id moves a door once. A lock
that "takes its time" is a number of seconds; `answers` says how each lock ends.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from edge_agent.doorkeeper import (
    Attempt,
    DoorView,
    Joined,
    PlayerRights,
    Refused,
    RequestState,
    RequestView,
    SignedIn,
    StayView,
)
from edge_agent.errors import DeviceUnreachable
from protocol.access import Refusal, Role
from protocol.ids import AttemptId, GrantId, LockId, PlayerId, RequestId
from protocol.live import Move, Outcome

STARTS = datetime(2030, 5, 1, 13, tzinfo=UTC)
BOOKER_SECRET = "b" * 64
CLOCK = 5000.0
JOIN_CODE = "join-" + "c" * 32


def a_tap(attempt: str | None = None) -> dict[str, object]:
    """As the page sends it: one attempt, wanted for the next ten seconds."""
    return {"attempt": attempt or str(uuid4()), "move": "open", "not_after": CLOCK + 10}


@dataclass
class Moving:
    """One attempt and the moment its outcome is known."""

    attempt: Attempt
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Guests:
    """GuestGate of one house with one booker and two doors."""

    front: LockId = field(default_factory=lambda: LockId(uuid4()))
    room: LockId = field(default_factory=lambda: LockId(uuid4()))
    player: PlayerId = field(default_factory=lambda: PlayerId(uuid4()))
    grant: GrantId = field(default_factory=lambda: GrantId(uuid4()))
    answers: dict[LockId, tuple[Outcome, Refusal | None, str | None]] = field(default_factory=dict)
    motor_seconds: float = 0.0
    away: bool = False
    language: str = "en"
    role: Role = Role.GUEST
    house_name: str | None = None
    moved: list[LockId] = field(default_factory=list)
    tokens: dict[str, GrantId] = field(default_factory=dict)
    attempts: dict[AttemptId, Moving] = field(default_factory=dict)
    asked: dict[RequestId, RequestView] = field(default_factory=dict)
    companion_secrets: dict[str, RequestId] = field(default_factory=dict)
    crash_on_view: bool = False
    not_after: list[float | None] = field(default_factory=list)
    declared: list[datetime] = field(default_factory=list)

    async def sign_in(self, secret: str) -> SignedIn | Refused:
        self._reachable()
        grant = self._grant_behind(secret)
        if grant is None:
            return Refused(refusal=Refusal.UNKNOWN_GRANT)
        token = sha256(f"{secret}{len(self.tokens)}".encode()).hexdigest()
        self.tokens[token] = grant
        return SignedIn(token=token, grant=grant, expires_at=STARTS + timedelta(days=4))

    async def sign_out(self, token: str) -> None:
        self.tokens.pop(token, None)

    async def view(self, token: str) -> StayView | Refused:
        self._reachable()
        if self.crash_on_view:
            raise RuntimeError(f"a bug that knows {BOOKER_SECRET}")
        grant = self.tokens.get(token)
        if grant is None:
            return Refused(refusal=Refusal.NOT_SIGNED_IN)
        booker = grant == self.grant
        return StayView(
            clock=CLOCK,
            grant=grant,
            role=self.role if booker else Role.COMPANION,
            name="Ana" if booker else "Luis",
            house=self.house_name,
            language=self.language,
            zone="Europe/Madrid",
            starts=STARTS,
            ends=STARTS + timedelta(days=3),
            usable=True,
            refusal=None,
            doors=self._doors(pin="480215" if booker else None),
            players=(self.rights(),),
            may_approve=booker,
            join_code=JOIN_CODE if booker else None,
            requests=tuple(self.asked.values()) if booker else (),
        )

    async def move(
        self,
        token: str,
        lock: LockId,
        move: Move,
        attempt: AttemptId,
        *,
        not_after: float | None = None,
    ) -> Attempt:
        self._reachable()
        self.not_after.append(not_after)
        if token not in self.tokens:
            return self._refused(attempt, lock, move, Refusal.NOT_SIGNED_IN)
        if attempt in self.attempts:
            return self.attempts[attempt].attempt
        if lock not in (self.front, self.room):
            return self._refused(attempt, lock, move, Refusal.UNKNOWN_TARGET)
        begun = Attempt(attempt=attempt, lock=lock, move=move, outcome=None)
        moving = self.attempts[attempt] = Moving(begun)
        asyncio.get_running_loop().call_later(self.motor_seconds, self._end, moving)
        return begun

    async def attempt(
        self, token: str, attempt: AttemptId, *, wait_seconds: float
    ) -> Attempt | Refused:
        self._reachable()
        if token not in self.tokens:
            return Refused(refusal=Refusal.NOT_SIGNED_IN)
        moving = self.attempts.get(attempt)
        if moving is None:
            return Refused(refusal=Refusal.UNKNOWN_TARGET)
        try:
            async with asyncio.timeout(wait_seconds):
                await moving.ended.wait()
        except TimeoutError:
            pass
        return moving.attempt

    async def may_join(self, join_code: str) -> Refused | None:
        return None if join_code == JOIN_CODE else Refused(refusal=Refusal.UNKNOWN_GRANT)

    async def join(self, join_code: str, *, name: str, wants: tuple[str, ...]) -> Joined | Refused:
        if join_code != JOIN_CODE:
            return Refused(refusal=Refusal.REQUEST_GONE)
        request = RequestId(uuid4())
        secret = sha256(request.bytes).hexdigest()
        expires = STARTS + timedelta(minutes=10)
        self.companion_secrets[secret] = request
        self.asked[request] = RequestView(
            request=request,
            name=name,
            wants=wants,
            state=RequestState.PENDING,
            asked_at=STARTS,
            expires_at=expires,
        )
        return Joined(request=request, secret=secret, expires_at=expires)

    async def request_state(self, secret: str) -> RequestState | Refused:
        request = self.companion_secrets.get(secret)
        if request is None:
            return Refused(refusal=Refusal.REQUEST_GONE)
        return self.asked[request].state

    async def decide_request(
        self, token: str, request: RequestId, *, approve: bool
    ) -> RequestView | Refused:
        if self.tokens.get(token) != self.grant:
            return Refused(refusal=Refusal.NO_SUCH_RIGHT)
        if request not in self.asked:
            return Refused(refusal=Refusal.REQUEST_GONE)
        state = RequestState.APPROVED if approve else RequestState.DENIED
        delegation = GrantId(uuid4()) if approve else None
        change = {"state": state, "delegation": delegation}
        self.asked[request] = self.asked[request].model_copy(update=change)
        return self.asked[request]

    async def declare_time(self, token: str, moment: datetime) -> Refused | None:
        known = token in self.tokens
        self.declared += [moment] if known else []
        return None if known else Refused(refusal=Refusal.NOT_SIGNED_IN)

    async def end_delegation(self, token: str, delegation: GrantId) -> Refused | None:
        if self.tokens.get(token) != self.grant:
            return Refused(refusal=Refusal.NO_SUCH_RIGHT)
        for request, view in self.asked.items():
            if view.delegation == delegation:
                ended = {"state": RequestState.ENDED, "delegation": None}
                self.asked[request] = view.model_copy(update=ended)
                return None
        return Refused(refusal=Refusal.REQUEST_GONE)

    def rights(self) -> PlayerRights:
        return PlayerRights(
            player=self.player,
            name="Living room",
            speaker="speaker-1",
            may_control=True,
            may_set_volume=True,
            may_queue=True,
        )

    def _grant_behind(self, secret: str) -> GrantId | None:
        if secret == BOOKER_SECRET:
            return self.grant
        request = self.companion_secrets.get(secret)
        return self.asked[request].delegation if request else None

    def _doors(self, *, pin: str | None) -> tuple[DoorView, ...]:
        front = DoorView(
            lock=self.front,
            name="Front door",
            shared=True,
            may_open=True,
            may_lock=True,
            bolt="locked",
            battery_percent=71,
            pin=pin,
            pin_state="read_back" if pin else None,
        )
        room = DoorView(
            lock=self.room,
            name="Blue room",
            shared=False,
            may_open=True,
            may_lock=False,
            bolt="unknown",
        )
        return (front, room)

    def _end(self, moving: Moving) -> None:
        attempt = moving.attempt
        default = (Outcome.OPENED if attempt.move == "open" else Outcome.LOCKED, None, None)
        outcome, refusal, reason = self.answers.get(attempt.lock, default)
        if outcome is not Outcome.REFUSED:
            self.moved.append(attempt.lock)
        change = {"outcome": outcome, "refusal": refusal, "reason": reason}
        moving.attempt = attempt.model_copy(update=change)
        moving.ended.set()

    def _refused(self, attempt: AttemptId, lock: LockId, move: Move, refusal: Refusal) -> Attempt:
        return Attempt(
            attempt=attempt, lock=lock, move=move, outcome=Outcome.REFUSED, refusal=refusal
        )

    def _reachable(self) -> None:
        if self.away:
            raise DeviceUnreachable("lockd_unreachable")
