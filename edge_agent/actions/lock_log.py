"""What does the lock's own log say that our record does not, and the other way round?

The log is a second witness: it resolves attempts whose outcome nobody heard, and tells of openings
that were not ours.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.actions.keeping import AttemptRecord, KeptPin, Marks
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.means import Means
from edge_agent.actions.pins import PinRound
from edge_agent.ports import LockLog, LockLogEntry, LockLogKind
from protocol.access import Verb
from protocol.facts import Acted, Alarmed, FactBody, FirstUsed, LockWitnessed
from protocol.ids import GrantId, LockId
from protocol.live import Outcome

_SLACK: Final = timedelta(minutes=3)
"""How far a lock's clock and ours may be apart."""

_PAGE = 50
_PAGES = 20
_SESSION_SECONDS = 30.0
_OURS: Final = {
    LockLogKind.APP_UNLOCK: (Verb.DOOR_OPEN, Outcome.OPENED),
    LockLogKind.APP_LOCK: (Verb.DOOR_LOCK, Outcome.LOCKED),
}


class LogRound:
    """The log of one lock, read from where we stopped."""

    def __init__(
        self, means: Means, lock: LockId, room: LockRoom, *, pins: PinRound, marks: Marks
    ) -> None:
        self._means = means
        self._lock = lock
        self._room = room
        self._pins = pins
        self._marks = marks

    async def turn(self, log: LockLog) -> None:
        """Read what is new, put it on record, settle what was unknown."""
        newest: LockLogEntry | None = None
        for _ in range(_PAGES):
            after = self._cursor()
            entries = await self._room.quietly(
                lambda _device, start=after: log.entries(after=start, limit=_PAGE),  # type: ignore[misc]
                seconds=_SESSION_SECONDS,
            )
            self._take(entries, first_contact=after is None)
            if entries:
                newest = entries[-1]
            if len(entries) < _PAGE:
                break
        if newest is not None:
            self._settle(newest)

    def _take(self, entries: Sequence[LockLogEntry], *, first_contact: bool) -> None:
        for entry in entries:
            facts = self._told(entry, first_contact=first_contact)
            if facts:
                self._means.record(*facts)
            self._marks.set(self._mark, str(entry.number))

    def _told(self, entry: LockLogEntry, *, first_contact: bool) -> list[FactBody]:
        if entry.kind in _OURS:
            return self._app_movement(entry, first_contact=first_contact)
        if entry.kind is LockLogKind.PIN_UNLOCK:
            return self._pin_opening(entry, first_contact=first_contact)
        return []

    def _app_movement(self, entry: LockLogEntry, *, first_contact: bool) -> list[FactBody]:
        verb, outcome = _OURS[entry.kind]
        attempt = self._nearest(entry, verb)
        if attempt is None:
            strange = entry.kind is LockLogKind.APP_UNLOCK and not first_contact
            return self._not_ours(entry) if strange else []
        self._means.audit.mark_witnessed(attempt.attempt)
        facts: list[FactBody] = [self._witnessed(entry, ours=True)]
        if attempt.outcome is Outcome.UNKNOWN:
            facts.append(self._truth(attempt, outcome, "lock_log"))
            if outcome is Outcome.OPENED:
                facts += self._arrival(attempt.grant)
        return facts

    def _pin_opening(self, entry: LockLogEntry, *, first_contact: bool) -> list[FactBody]:
        pin = None if entry.pin_digits is None else self._pins.typed(entry.pin_digits)
        if pin is None:
            return [] if first_contact else self._not_ours(entry)
        ended = self._ended_before(pin, entry)
        witnessed = LockWitnessed(
            lock=self._lock,
            number=entry.number,
            what=entry.kind.value,
            ours=not ended,
            credential=pin.credential,
        )
        if not ended:
            return [witnessed, *self._arrival(pin.grant)]
        detail = f"{self._lock} record {entry.number} credential {pin.credential}"
        return [witnessed, Alarmed(name="opened_by_ended_pin", detail=detail)]

    def _ended_before(self, pin: KeptPin, entry: LockLogEntry) -> bool:
        """Was it used after its time, before it was out of the lock?"""
        if pin.wanted or pin.ended_at is None:
            return False
        return min(self._moments(entry)) > pin.ended_at + _SLACK

    def _arrival(self, grant: GrantId) -> list[FactBody]:
        if grant in self._means.ledger.book.arrived:
            return []
        self._means.ledger.has_arrived(grant)
        return [FirstUsed(grant=grant)]

    def _not_ours(self, entry: LockLogEntry) -> list[FactBody]:
        detail = f"{self._lock} record {entry.number} {entry.kind.value}"
        return [self._witnessed(entry, ours=False), Alarmed(name="opened_not_by_us", detail=detail)]

    def _witnessed(self, entry: LockLogEntry, *, ours: bool) -> LockWitnessed:
        return LockWitnessed(lock=self._lock, number=entry.number, what=entry.kind.value, ours=ours)

    def _truth(self, attempt: AttemptRecord, outcome: Outcome, reason: str) -> Acted:
        return Acted(attempt=attempt.attempt, lock=self._lock, outcome=outcome, reason=reason)

    def _nearest(self, entry: LockLogEntry, verb: Verb) -> AttemptRecord | None:
        """Our attempt that fits the record best and that no earlier record was about."""
        moments = self._moments(entry)
        possible = [
            each
            for each in self._means.audit.at_lock(self._lock, since=min(moments) - _SLACK)
            if not each.witnessed
            and each.outcome is not Outcome.REFUSED
            and each.right.startswith(verb.value)
            and _apart(each, moments) <= _SLACK
        ]
        return min(possible, key=lambda each: _apart(each, moments), default=None)

    def _settle(self, newest: LockLogEntry) -> None:
        """A record newer than an unknown attempt proves that the attempt left none."""
        covered = min(self._moments(newest)) - _SLACK
        for attempt in self._means.audit.unresolved(self._lock):
            if attempt.decided_at < covered:
                self._means.record(self._truth(attempt, Outcome.FAILED, "not_in_lock_log"))
                self._means.audit.mark_witnessed(attempt.attempt)

    def _moments(self, entry: LockLogEntry) -> list[datetime]:
        """The lock's local time as instants: two where the clocks went back over it."""
        snapshot = self._means.ledger.book.snapshot
        zone = ZoneInfo("UTC" if snapshot is None else snapshot.zone)
        local = entry.at_local
        return [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]

    @property
    def _mark(self) -> str:
        return f"log|{self._lock}"

    def _cursor(self) -> int | None:
        kept = self._marks.get(self._mark)
        return None if kept is None else int(kept)


def _apart(attempt: AttemptRecord, moments: Sequence[datetime]) -> timedelta:
    return min(abs(attempt.decided_at - each) for each in moments)
