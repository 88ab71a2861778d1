"""How does a door move at most once, only for somebody who may, and never unrecorded?

decide, record durably, take the lock's turn, decide again, connect, decide a last time with the
command ready to be sent, move, record what became of it. The tap in the house and the command from
afar end here alike.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from edge_agent.actions.keeping import AttemptRecord
from edge_agent.actions.limits import Pace
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.means import Means, Spawn
from edge_agent.doorkeeper import Attempt
from edge_agent.errors import EdgeError, OutcomeUnknown, StopGranting
from edge_agent.policy.decide import decide
from edge_agent.policy.model import Allowed, Denied, Verdict, Wish
from edge_agent.policy.reasons import lifted_by_override
from edge_agent.ports import BoltState, LockReading
from protocol.access import Refusal, Right, Verb
from protocol.facts import Acted, Alarmed, Decided, FactBody, FirstUsed, Via
from protocol.ids import AttemptId, CommandId, GrantId, LockId
from protocol.live import Move, Outcome

_log = structlog.get_logger("portero.lockd")

MOVE_SECONDS: Final = 10.0
"""From wish to motor; later than that nobody stands at the door any more."""

_VERBS: Final[dict[Move, Verb]] = {"open": Verb.DOOR_OPEN, "lock": Verb.DOOR_LOCK}
_MOVES: Final[dict[Verb, Move]] = {verb: move for move, verb in _VERBS.items()}
_DONE: Final[dict[Move, Outcome]] = {"open": Outcome.OPENED, "lock": Outcome.LOCKED}
_SEEN: Final = {Outcome.OPENED: BoltState.UNLOCKED, Outcome.LOCKED: BoltState.LOCKED}
_MOVES_A_MINUTE = 30


@dataclass(frozen=True, slots=True)
class Tap:
    """Somebody wants a door moved. `deadline`: boot seconds after which it is too late."""

    attempt: AttemptId
    grant: GrantId
    lock: LockId
    move: Move
    via: Via
    deadline: float
    command: CommandId | None = None
    refusal: Refusal | None = None


@dataclass(slots=True)
class _Running:
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Chance:
    """One chance at the motor. `sent`: the driver was let go; `refusal`: why it was not."""

    refused_now: Callable[[], Refusal | None]
    sent: bool = False
    refusal: Refusal | None = None

    def good(self) -> bool:
        """Before connecting: the lock's turn has come."""
        self.refusal = self.refused_now()
        return self.refusal is None

    def go(self) -> bool:
        """Right before the command is written."""
        self.sent = self.good()
        return self.sent


class MoveDoor:
    """All doors of the house."""

    def __init__(self, means: Means, rooms: Mapping[LockId, LockRoom], spawn: Spawn) -> None:
        self._means = means
        self._rooms = rooms
        self._spawn = spawn
        self._running: dict[AttemptId, _Running] = {}
        self._pace = Pace(_MOVES_A_MINUTE, 60.0, now=means.time.boot_seconds)

    async def all_ended(self) -> None:
        """Return when no motor may be moving any more."""
        for each in tuple(self._running.values()):
            await each.ended.wait()

    def start(self, tap: Tap) -> Attempt:
        """Decide and record; move in the background when allowed. The same id starts nothing."""
        known = self._means.audit.attempt(tap.attempt)
        if known is not None:
            return self._seen_by(tap.grant, known, tap)
        if not self._pace.allows(tap.grant):
            return _refused(tap, Refusal.TOO_MANY_OUTSTANDING)
        if not self._means.audit.room().is_left:
            return _refused(tap, Refusal.STORAGE_UNTRUSTED)  # what is not recorded does not move
        via, verdict = self._verdict(tap)
        self._means.record(self._decided(tap, via, verdict), *_override_alarm(tap, via, verdict))
        if isinstance(verdict, Denied):
            _log.info("door_refused", lock=str(tap.lock), refusal=verdict.refusal.value)
            return _refused(tap, verdict.refusal)
        self._running[tap.attempt] = _Running()
        self._spawn(self._carry_out(tap, via), f"move-{tap.attempt}")
        return Attempt(attempt=tap.attempt, lock=tap.lock, move=tap.move, outcome=None)

    def find(self, attempt: AttemptId, grant: GrantId) -> Attempt | None:
        """Where an attempt of this grant stands; None when it has no such attempt."""
        known = self._means.audit.attempt(attempt)
        return None if known is None or known.grant != grant else told(known)

    async def ended(self, attempt: AttemptId, *, wait_seconds: float) -> None:
        """Return when the attempt has ended, or after that long."""
        running = self._running.get(attempt)
        if running is not None:
            try:
                async with asyncio.timeout(wait_seconds):
                    await running.ended.wait()
            except TimeoutError:
                return

    def close_unfinished(self) -> None:
        """At start: what was under way at the last stop may or may not have happened."""
        for each in self._means.audit.unfinished():
            lock = _target(each)
            self._means.record(
                Acted(attempt=each.attempt, lock=lock, outcome=Outcome.UNKNOWN, reason="restarted")
            )
            room = self._rooms.get(lock)
            if room is not None:
                room.news.set()

    def _verdict(self, tap: Tap) -> tuple[Via, Verdict]:
        means = self._means
        wish = Wish(tap.grant, Right(_VERBS[tap.move], tap.lock), tap.via)
        verdict = decide(means.ledger.book, wish, means.time.now())
        if tap.refusal is not None:
            return tap.via, Denied(tap.refusal, verdict.role)
        if isinstance(verdict, Denied) and lifted_by_override(verdict.refusal):
            lifted = Wish(tap.grant, wish.right, Via.HOST_OVERRIDE)
            overriding = decide(means.ledger.book, lifted, means.time.now())
            if isinstance(overriding, Allowed):
                return Via.HOST_OVERRIDE, self._at_known_lock(tap, overriding)
        return tap.via, self._at_known_lock(tap, verdict)

    def _at_known_lock(self, tap: Tap, verdict: Verdict) -> Verdict:
        if isinstance(verdict, Allowed) and tap.lock not in self._rooms:
            return Denied(Refusal.UNKNOWN_TARGET, verdict.role)
        return verdict

    def _decided(self, tap: Tap, via: Via, verdict: Verdict) -> Decided:
        return Decided(
            attempt=tap.attempt,
            grant=tap.grant,
            role=verdict.role,
            right=str(Right(_VERBS[tap.move], tap.lock)),
            via=via,
            command=tap.command,
            allowed=isinstance(verdict, Allowed),
            refusal=verdict.refusal if isinstance(verdict, Denied) else None,
            clock=self._means.time.now().state,
        )

    async def _carry_out(self, tap: Tap, via: Via) -> None:
        outcome: Outcome = Outcome.UNKNOWN
        reason: str | None = "stopped"
        try:
            outcome, reason = await self._moved(tap, via)
        finally:
            self._finish(tap, outcome, reason)

    async def _moved(self, tap: Tap, via: Via) -> tuple[Outcome, str | None]:
        room = self._rooms[tap.lock]
        bolt = room.device.bolt
        act = bolt.unlock if tap.move == "open" else bolt.lock
        chance = _Chance(lambda: self._refused_now(tap, via))
        left = max(0.0, tap.deadline - self._means.time.boot_seconds())
        try:
            await room.move(chance.good, lambda: act(chance.go), seconds=left)
        except StopGranting:
            raise
        except EdgeError as error:
            return self._ended_badly(tap, chance, error)
        except Exception:  # noqa: BLE001 - a driver's surprise must not take lockd down
            _log.exception("driver_failed", lock=str(tap.lock))
            return Outcome.UNKNOWN, "driver_failed"
        if chance.refusal is not None:
            return Outcome.REFUSED, chance.refusal.value
        return _DONE[tap.move], None

    def _ended_badly(
        self, tap: Tap, chance: _Chance, error: EdgeError
    ) -> tuple[Outcome, str | None]:
        """Before the driver was let go nothing can have moved, and lateness says more than it."""
        if chance.refusal is not None:
            return Outcome.REFUSED, chance.refusal.value
        is_late = self._means.time.boot_seconds() >= tap.deadline
        if is_late and not chance.sent:
            return Outcome.REFUSED, Refusal.TOO_LATE.value
        is_unknown = isinstance(error, OutcomeUnknown)
        return Outcome.UNKNOWN if is_unknown else Outcome.FAILED, error.reason

    def _refused_now(self, tap: Tap, via: Via) -> Refusal | None:
        """Right before the motor: all of it once more, by the book and the time of now."""
        if self._means.time.boot_seconds() >= tap.deadline:
            return Refusal.TOO_LATE
        wish = Wish(tap.grant, Right(_VERBS[tap.move], tap.lock), via)
        verdict = decide(self._means.ledger.book, wish, self._means.time.now())
        return verdict.refusal if isinstance(verdict, Denied) else None

    def _finish(self, tap: Tap, outcome: Outcome, reason: str | None) -> None:
        room = self._rooms[tap.lock]
        if outcome in _SEEN:
            room.saw(LockReading(_SEEN[outcome], None))
        acted = Acted(
            attempt=tap.attempt,
            lock=tap.lock,
            outcome=outcome,
            reason=None if reason is None else reason[:100],
            battery_percent=room.last.battery_percent,
        )
        try:
            self._means.record(acted, *self._first_use(tap, outcome))
        finally:
            self._running.pop(tap.attempt).ended.set()
        if outcome is Outcome.OPENED:
            self._means.ledger.has_arrived(tap.grant)
        _log.info("door_moved", lock=str(tap.lock), outcome=outcome.value, reason=reason)

    def _first_use(self, tap: Tap, outcome: Outcome) -> tuple[FactBody, ...]:
        first = tap.grant not in self._means.ledger.book.arrived
        return (FirstUsed(grant=tap.grant),) if first and outcome is Outcome.OPENED else ()

    def _seen_by(self, grant: GrantId, known: AttemptRecord, tap: Tap) -> Attempt:
        return told(known) if known.grant == grant else _refused(tap, Refusal.UNKNOWN_TARGET)


def _override_alarm(tap: Tap, via: Via, verdict: Verdict) -> tuple[FactBody, ...]:
    """A host opened although nobody knew the time: this once, and somebody should look at it."""
    if via is not Via.HOST_OVERRIDE or isinstance(verdict, Denied):
        return ()
    return (Alarmed(name="host_override", detail=f"{tap.grant} {tap.move} {tap.lock}"),)


def told(record: AttemptRecord) -> Attempt:
    """An attempt as its person sees it."""
    right = Right.parse(record.right)
    move = _MOVES[right.verb] if right is not None and right.verb in _MOVES else "open"
    outcome = record.outcome if record.allowed else Outcome.REFUSED
    again = record.reason if record.allowed and outcome is Outcome.REFUSED else None
    return Attempt(
        attempt=record.attempt,
        lock=_target(record),
        move=move,
        outcome=outcome,
        refusal=record.refusal if again is None else Refusal(again),
        reason=record.reason,
    )


def _target(record: AttemptRecord) -> LockId:
    right = Right.parse(record.right)
    if right is None or right.target is None:
        raise StopGranting("audit_broken", "an attempt at no door")
    return LockId(right.target)


def _refused(tap: Tap, refusal: Refusal) -> Attempt:
    return Attempt(
        attempt=tap.attempt,
        lock=tap.lock,
        move=tap.move,
        outcome=Outcome.REFUSED,
        refusal=refusal,
    )
