"""How do wanted PINs get into a lock, and leave it, provably?

wanted → written → read back → first used → removed, or: removal unconfirmed. A PIN counts as live
until it is proven gone. The lock itself carries the end; nothing is written on doubtful time.
Digits stay sealed at rest and are opened only to be sent to the lock.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.actions.keeping import KeptPin
from edge_agent.actions.keeping import Pins as PinShelf
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.lock_time import local_life
from edge_agent.actions.means import Means
from edge_agent.actions.pin_proof import PinProof, never_reached, surely_did_nothing
from edge_agent.actions.pin_reports import moved, needs_a_human, without_pin, worth_telling
from edge_agent.actions.pin_wishes import PRELOAD, UNREADABLE, PinWishes, pin_key
from edge_agent.errors import AskHost, EdgeError, PickAnother, StopGranting
from edge_agent.ports import Keypad, PinCode
from protocol.access import Grant, PinWish, Window
from protocol.facts import FORMER_PIN, PinNext, PinState
from protocol.house import Snapshot
from protocol.ids import LockId

_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_PATIENCE: Final = 20
_PATIENCE_AT_ARRIVAL: Final = 6
_ARRIVAL_IS_NEAR: Final = timedelta(days=1)
_FORMER_KEPT: Final = 50
_TABLE_EVERY: Final = timedelta(days=1)
_PROVEN: Final = frozenset({PinState.READ_BACK, PinState.FIRST_USED})
_IN_LOCK: Final = frozenset({PinState.WRITTEN, *_PROVEN})


class PinRound:
    """The PINs of one lock."""

    def __init__(
        self,
        means: Means,
        lock: LockId,
        room: LockRoom,
        shelf: PinShelf,
        *,
        preload: timedelta = PRELOAD,
    ) -> None:
        self._means = means
        self._lock = lock
        self._room = room
        self._shelf = shelf
        self.wishes = PinWishes(means, lock, preload=preload)
        self._proof = PinProof(room)
        self._former = deque[KeptPin](maxlen=_FORMER_KEPT)
        self._table_seen: datetime | None = None

    async def turn(self, keypad: Keypad) -> timedelta | None:
        """One step for each PIN that is due; when the next one is due, None for not at all."""
        snapshot, now = self._means.ledger.book.snapshot, self._means.time.proven()
        if snapshot is None or now.latest is None:
            return None
        self._note_wishes(snapshot, now.earliest)
        zone = ZoneInfo(snapshot.zone)
        await self._look_at_table(zone, now.earliest)
        # Room is made first; a PIN that follows another of the same guest is proven before that
        # one goes.
        for wanted in (False, True, False):
            for pin in self._kept():
                if pin.wanted is wanted and pin.next_try <= now.earliest:
                    await self._step(keypad, pin, zone, now.earliest)
        self._tell_of_former()
        return self._until_next(snapshot, now.earliest)

    async def _look_at_table(self, zone: ZoneInfo, now: datetime) -> None:
        """Once a day: is what was read back still there? The owner's app may have changed it."""
        if self._table_seen is not None and now - self._table_seen < _TABLE_EVERY:
            return
        listed = await self._proof.glanced()
        if listed is None:
            return
        self._table_seen = now
        for pin in self._kept():
            if pin.wanted and pin.state in _PROVEN:
                code = self._code(pin, _life(pin), zone)
                if code is not None and code not in listed:
                    self._again(replace(pin, held=None), PinState.WANTED, "vanished", now)
                    self._means.record(without_pin(self._lock, "vanished"))

    def typed(self, digits: str) -> KeptPin | None:
        """The lock's log tells of these digits: whose they are; first use is on record once."""
        mark = self.wishes.mark(digits)
        for pin in self._kept():
            if pin.fingerprint == mark:
                if pin.wanted and pin.state in {PinState.WRITTEN, PinState.READ_BACK}:
                    former = pin.reason if pin.reason == FORMER_PIN else None
                    proven = replace(pin, held=_life(pin))
                    self._move(proven, PinState.FIRST_USED, reason=former, next_try=_NEVER)
                return pin
        return next((each for each in self._former if each.fingerprint == mark), None)

    def _kept(self) -> Sequence[KeptPin]:
        return self._shelf.at_lock(self._lock)

    def _until_next(self, snapshot: Snapshot, now: datetime) -> timedelta | None:
        moments = [each.next_try for each in self._kept() if not self._must_wait(each)]
        coming = self.wishes.next_due(snapshot, now)
        soonest = min([*moments, *([] if coming is None else [coming])], default=_NEVER)
        return None if soonest >= _NEVER else soonest - now

    # --- what the book wants -------------------------------------------------------------

    def _note_wishes(self, snapshot: Snapshot, now: datetime) -> None:
        known = {pin_key(each): each for each in self._kept()}
        wanted = self.wishes.due(snapshot, now)
        for key, (grant, wish) in wanted.items():
            self._note_wish(known.get(key), key[1], grant, wish, now)
        for key, pin in known.items():
            if pin.wanted and key not in wanted:
                ended = replace(pin, wanted=False, ended_at=now, tries=0, next_try=now)
                self._shelf.put(ended)

    def _note_wish(
        self, known: KeptPin | None, mark: str, grant: Grant, wish: PinWish, now: datetime
    ) -> None:
        same = known is not None and _life(known) == wish.window
        if known is not None and same and known.wanted:
            return
        pin = KeptPin(
            credential=wish.credential,
            lock=self._lock,
            fingerprint=mark,
            grant=grant.id,
            starts=wish.window.starts,
            ends=wish.window.ends,
            box=wish.box,
            wanted=True,
            state=PinState.WANTED,
            reason=None,
            tries=0,
            next_try=now,
            touched=known is not None and known.touched,
            held=None if known is None else known.held,
        )
        if mark == UNREADABLE:
            self._for_a_human(pin, PinState.FAILED, "box_does_not_open", _NEVER)
        else:
            self._move(pin, PinState.WANTED, next_try=now)

    # --- one step ------------------------------------------------------------------------

    async def _step(self, keypad: Keypad, pin: KeptPin, zone: ZoneInfo, now: datetime) -> None:
        try:
            if pin.wanted:
                await self._write(keypad, pin, zone, now)
            elif not self._must_wait(pin):
                await self._remove(keypad, pin, zone, now)
        except StopGranting:
            raise
        except EdgeError as error:
            await self._failed(keypad, pin, error, zone, now)

    async def _write(self, keypad: Keypad, pin: KeptPin, zone: ZoneInfo, now: datetime) -> None:
        """Two phases: written is what the lock acknowledged, read back is what it holds."""
        code = self._code(pin, _life(pin), zone)
        if code is None:
            self._for_a_human(pin, PinState.FAILED, "box_does_not_open", _NEVER)
            return
        if code.starts_local >= code.ends_local:
            self._for_a_human(pin, PinState.FAILED, "window_too_short", _NEVER)
            return
        if pin.state not in _IN_LOCK:
            pin = await self._send(keypad, pin, code, now)
        held = await self._proof.holds(keypad, code)
        match held:
            case True:
                proven = replace(pin, held=_life(pin))
                self._move(proven, PinState.READ_BACK, next_try=_NEVER)
            case None:
                self._move(pin, PinState.WRITTEN, reason="lock_cannot_tell", next_try=_NEVER)
            case False:
                self._lost(pin, "not_held", now)

    async def _send(self, keypad: Keypad, pin: KeptPin, code: PinCode, now: datetime) -> KeptPin:
        limits = self._room.device.limits
        if not limits.shortest <= len(code.digits) <= limits.longest:
            raise PickAnother("pin_length")
        # Whoever is cut off here must still know that the lock may hold it.
        sent = replace(pin, touched=True)
        self._shelf.put(sent)
        try:
            await self._proof.write(keypad, code)
        except EdgeError as error:
            if surely_did_nothing(error):
                self._shelf.put(pin)
            raise
        return self._move(sent, PinState.WRITTEN, next_try=now)

    async def _remove(self, keypad: Keypad, pin: KeptPin, zone: ZoneInfo, now: datetime) -> None:
        if not pin.touched and pin.held is None:
            self._removed(pin, "never_written")
            return
        if self._taken_over(pin):
            self._removed(pin, "taken_over")
            return
        lives = [code for life in _lives(pin) if (code := self._code(pin, life, zone))]
        if not lives:
            await self._remove_unreadable(keypad, pin, now)
            return
        await self._proof.remove(keypad, lives[0])
        gone = await self._proof.is_gone(keypad, lives)
        if gone:
            self._removed(pin, None)
        elif gone is None and _is_over(pin, now) and self._room.clock_is_right is not False:
            self._removed(pin, "window_over")  # acknowledged, and the lock refuses it by date
        else:
            self._still_there(pin, "lock_cannot_tell" if gone is None else "still_held", now)

    async def _remove_unreadable(self, keypad: Keypad, pin: KeptPin, now: datetime) -> None:
        """Its box does not open here; the lock's table may tell that no digits fit, or which."""
        listed = await self._proof.listed()
        if listed is None or pin.fingerprint == UNREADABLE:
            self._for_a_human(
                pin, PinState.REMOVAL_UNCONFIRMED, "box_does_not_open", _later(pin, now)
            )
            return
        mine = [each for each in listed if self.wishes.mark(each.digits) == pin.fingerprint]
        for each in mine:
            await self._proof.remove(keypad, each)
        if not mine or await self._proof.is_gone(keypad, mine):
            self._removed(pin, None)
        else:
            self._still_there(pin, "still_held", now)

    def _must_wait(self, pin: KeptPin) -> bool:
        """The same guest's next PIN is not in the lock yet, and may well get there."""
        if pin.wanted or not pin.touched:
            return False
        return any(
            each.wanted
            and each.grant == pin.grant
            and each.state is PinState.WANTED
            and each.tries < _PATIENCE_AT_ARRIVAL
            for each in self._kept()
        )

    def _taken_over(self, pin: KeptPin) -> bool:
        """The same digits are wanted anew: they are that PIN's now."""
        return any(each.wanted and each.fingerprint == pin.fingerprint for each in self._kept())

    def _code(self, pin: KeptPin, life: Window, zone: ZoneInfo) -> PinCode | None:
        digits = self.wishes.digits(pin.box, pin.grant)
        return (
            None if digits is None else PinCode(digits, *local_life(life.starts, life.ends, zone))
        )

    # --- what went wrong -----------------------------------------------------------------

    async def _failed(
        self, keypad: Keypad, pin: KeptPin, error: EdgeError, zone: ZoneInfo, now: datetime
    ) -> None:
        """Try again later, less and less often; a person's turn is said so."""
        pin = next((each for each in self._kept() if pin_key(each) == pin_key(pin)), pin)
        if not pin.wanted:
            self._still_there(pin, error.reason, now, ask=isinstance(error, AskHost))
            return
        if pin.held is not None and not never_reached(error):
            pin = await self._look_for_former_life(keypad, pin, error, zone)
        if pin.state is PinState.WRITTEN and never_reached(error):
            self._again(pin, PinState.WRITTEN, error.reason, now)  # acknowledged, not yet proven
        elif isinstance(error, PickAnother):
            self._move(
                pin,
                PinState.FAILED,
                reason=error.reason,
                next_step=PinNext.ANOTHER_PIN,
                next_try=_NEVER,
            )
        elif isinstance(error, AskHost) or pin.tries >= _patience(pin, now):
            self._for_a_human(pin, PinState.FAILED, error.reason, _later(pin, now))
        else:
            self._again(pin, PinState.WANTED, error.reason, now)

    async def _look_for_former_life(
        self, keypad: Keypad, pin: KeptPin, error: EdgeError, zone: ZoneInfo
    ) -> KeptPin:
        """Dates were to be changed and were not: does the guest's PIN still work at all?"""
        former = None if pin.held is None else self._code(pin, pin.held, zone)
        if former is not None and await self._proof.may_hold(keypad, former):
            return pin
        self._means.record(without_pin(self._lock, error.reason))
        return replace(pin, held=None)

    def _lost(self, pin: KeptPin, reason: str, now: datetime) -> None:
        """The lock acknowledged the PIN and does not hold it."""
        if pin.held is not None:
            self._means.record(without_pin(self._lock, reason))
        if pin.tries >= _patience(pin, now):
            self._for_a_human(replace(pin, held=None), PinState.FAILED, reason, _later(pin, now))
        else:
            self._again(replace(pin, held=None), PinState.WANTED, reason, now)

    def _still_there(self, pin: KeptPin, reason: str, now: datetime, *, ask: bool = False) -> None:
        if ask or pin.tries >= _PATIENCE:
            self._for_a_human(pin, PinState.REMOVAL_UNCONFIRMED, reason, _later(pin, now))
        elif reason == "lock_cannot_tell" and not _is_over(pin, now):
            ends = max(each.ends for each in _lives(pin))
            self._move(pin, PinState.REMOVAL_UNCONFIRMED, reason=reason, next_try=ends)
        else:
            self._again(pin, PinState.REMOVAL_UNCONFIRMED, reason, now)

    def _again(self, pin: KeptPin, state: PinState, reason: str, now: datetime) -> None:
        self._move(pin, state, reason=reason, next_step=PinNext.RETRY, next_try=_later(pin, now))

    def _for_a_human(self, pin: KeptPin, state: PinState, reason: str, next_try: datetime) -> None:
        self._move(pin, state, reason=reason, next_step=PinNext.NEEDS_A_HUMAN, next_try=next_try)

    # --- on record -----------------------------------------------------------------------

    def _move(
        self,
        pin: KeptPin,
        state: PinState,
        *,
        next_try: datetime,
        reason: str | None = None,
        next_step: PinNext | None = None,
    ) -> KeptPin:
        """On record when anything a person would see has changed; then kept."""
        before = next((each for each in self._kept() if pin_key(each) == pin_key(pin)), None)
        stuck = next_step is not None and state not in _PROVEN
        after = replace(
            pin,
            state=state,
            reason=None if reason is None else reason[:100],
            tries=pin.tries + 1 if stuck else 0,
            next_try=next_try,
        )
        if worth_telling(before, after):
            self._means.record(
                moved(after, next_step, new_life=before is None or _life(before) != _life(after)),
                *needs_a_human(after, next_step),
            )
        self._shelf.put(after)
        return after

    def _removed(self, pin: KeptPin, reason: str | None) -> None:
        gone = replace(pin, state=PinState.REMOVED, reason=reason, held=None)
        self._means.record(moved(gone, None, new_life=False))
        self._shelf.drop(pin)
        if pin.touched:
            self._former.append(gone)

    def _tell_of_former(self) -> None:
        """Beside a PIN that works: somebody else's former one may still work too."""
        kept = self._kept()
        for pin in kept:
            if pin.wanted and pin.state in _PROVEN:
                former = any(
                    not each.wanted and each.touched and each.grant != pin.grant for each in kept
                )
                reason = FORMER_PIN if former else None
                if pin.reason != reason:
                    step = PinNext.RETRY if former else None
                    self._move(pin, pin.state, reason=reason, next_step=step, next_try=pin.next_try)


def _life(pin: KeptPin) -> Window:
    return Window(starts=pin.starts, ends=pin.ends)


def _lives(pin: KeptPin) -> list[Window]:
    """All that the lock may hold of it."""
    return [_life(pin)] if pin.held in {None, _life(pin)} else [_life(pin), pin.held]


def _is_over(pin: KeptPin, now: datetime) -> bool:
    return all(now >= each.ends for each in _lives(pin))


def _patience(pin: KeptPin, now: datetime) -> int:
    return _PATIENCE_AT_ARRIVAL if now >= pin.starts - _ARRIVAL_IS_NEAR else _PATIENCE


def _later(pin: KeptPin, now: datetime) -> datetime:
    doubled: timedelta = _FIRST_PAUSE * (1 << min(pin.tries, 10))
    return now + min(_LONGEST_PAUSE, doubled)
