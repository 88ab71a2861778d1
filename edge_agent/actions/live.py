"""How does a command from afar act at most once, and never late?

A nonce is one-use, lives in memory for what is left of ten seconds, and is bound to all the command
will say. It is spent before anything is written. The command carries no right: `MoveDoor` decides
as for a tap.
"""

from dataclasses import dataclass
from typing import Final

from edge_agent.actions.means import Means
from edge_agent.actions.move_door import MoveDoor, Tap, told
from edge_agent.doorkeeper import Attempt
from protocol.access import Refusal
from protocol.envelope import Kind
from protocol.facts import Via
from protocol.ids import AttemptId, CommandId, LockId
from protocol.keys import KeyUse
from protocol.live import (
    MAX_OUTSTANDING_NONCES,
    CommandOutcome,
    LiveCommand,
    NonceGrant,
    NonceRequest,
    Outcome,
)

_ANSWER_SECONDS: Final = 12.0
_REMEMBER_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Given:
    request: NonceRequest
    dies_at: float


class LiveCommands:
    """Nonces given and commands obeyed."""

    def __init__(
        self, means: Means, doors: MoveDoor, locks: frozenset[LockId], *, life: str | None = None
    ) -> None:
        self._means = means
        self._doors = doors
        self._locks = locks
        self._life = life
        self._given: dict[str, _Given] = {}

    def give_nonce(self, frame: bytes) -> bytes:
        """A signed nonce for a signed request, or why there is none. Raises EnvelopeError."""
        request = self._means.opened(frame, Kind.NONCE_REQUEST, NonceRequest, KeyUse.LIVE)
        self._sweep()
        nonce, refusal = None, self._why_not(request)
        if refusal is None:
            nonce = self._nonce_for(request)
        answer = NonceGrant(
            house=self._means.house,
            command=request.command,
            nonce=nonce,
            refusal=refusal,
            life=self._life,
        )
        return self._means.signed(Kind.NONCE_GRANT, answer)

    async def obey(self, frame: bytes) -> bytes:
        """The signed outcome of a signed command. Raises EnvelopeError."""
        command = self._means.opened(frame, Kind.COMMAND, LiveCommand, KeyUse.LIVE)
        known = self._means.audit.by_command(command.command)
        attempt = self._start(command) if known is None else told(known)
        if attempt.outcome is None:
            await self._doors.ended(attempt.attempt, wait_seconds=_ANSWER_SECONDS)
            attempt = self._now(command, attempt)
        return self._answer(command.command, attempt)

    def _start(self, command: LiveCommand) -> Attempt:
        given = self._given.pop(command.nonce, None)
        now = self._means.time.boot_seconds()
        return self._doors.start(
            Tap(
                attempt=AttemptId(self._means.new_id()),
                grant=command.grant,
                lock=command.lock,
                move=command.move,
                via=Via.REMOTE,
                deadline=now if given is None else given.dies_at,
                command=command.command,
                refusal=_nonce_refusal(command, given, now),
            )
        )

    def _now(self, command: LiveCommand, attempt: Attempt) -> Attempt:
        return self._doors.find(attempt.attempt, command.grant) or attempt

    def _answer(self, command: CommandId, attempt: Attempt) -> bytes:
        reason = attempt.reason if attempt.refusal is None else attempt.refusal.value
        outcome = CommandOutcome(
            house=self._means.house,
            command=command,
            attempt=attempt.attempt,
            outcome=attempt.outcome or Outcome.UNKNOWN,
            reason=reason,
            at=self._means.time.now().earliest,
        )
        return self._means.signed(Kind.OUTCOME, outcome)

    def _why_not(self, request: NonceRequest) -> Refusal | None:
        if request.lock not in self._locks:
            return Refusal.UNKNOWN_TARGET
        if self._means.audit.by_command(request.command) is not None:
            return Refusal.TOO_LATE
        alive = self._alive()
        mine = [each for each in alive.values() if each.lock == request.lock]
        if request in mine:
            return None
        if any(each.command == request.command for each in alive.values()):
            return Refusal.NONCE_UNKNOWN
        return Refusal.TOO_MANY_OUTSTANDING if len(mine) >= MAX_OUTSTANDING_NONCES else None

    def _nonce_for(self, request: NonceRequest) -> str:
        """The same question asked twice gets the same nonce: it is still one use."""
        for nonce, asked in self._alive().items():
            if asked == request:
                return nonce
        nonce = self._means.random_bytes(16).hex()
        self._given[nonce] = _Given(request, self._means.time.boot_seconds() + request.seconds)
        return nonce

    def _alive(self) -> dict[str, NonceRequest]:
        now = self._means.time.boot_seconds()
        return {key: each.request for key, each in self._given.items() if each.dies_at > now}

    def _sweep(self) -> None:
        """Dead nonces are kept a while, so that a late command hears that it is late."""
        oldest = self._means.time.boot_seconds() - _REMEMBER_SECONDS
        self._given = {key: each for key, each in self._given.items() if each.dies_at > oldest}


def _nonce_refusal(command: LiveCommand, given: _Given | None, now: float) -> Refusal | None:
    if given is None:
        return Refusal.NONCE_UNKNOWN
    asked = given.request
    bound = (asked.command, asked.grant, asked.lock, asked.move)
    if bound != (command.command, command.grant, command.lock, command.move):
        return Refusal.NONCE_UNKNOWN
    return Refusal.NONCE_EXPIRED if now >= given.dies_at else None
