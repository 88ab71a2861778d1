"""Which PINs shall a lock hold now, by the book, and what does the record say it may still hold?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from edge_agent.actions.keeping import KeptPin, LivingPin
from edge_agent.actions.keeping import Pins as PinShelf
from edge_agent.actions.means import Means
from edge_agent.actions.pin_marks import fingerprint
from edge_agent.policy.decide import alive
from protocol.access import Grant, PinWish, Refusal, pin_context
from protocol.facts import PinState
from protocol.house import Snapshot
from protocol.ids import GrantId, LockId
from protocol.sealing import SealError

PRELOAD: Final = timedelta(hours=72)
"""How long before its stay a PIN is written, unless the house says otherwise."""

UNREADABLE: Final = "unreadable"

_GONE: Final = frozenset({Refusal.REVOKED, Refusal.PARENT_ENDED, Refusal.ENDED})

type PinKey = tuple[str, str]
type Wished = tuple[Grant, PinWish]


class PinWishes:
    """What the book says of one lock's PINs; opens their boxes."""

    def __init__(self, means: Means, lock: LockId, *, preload: timedelta) -> None:
        self._means = means
        self._lock = lock
        self.preload = preload

    def due(self, snapshot: Snapshot, now: datetime) -> dict[PinKey, Wished]:
        """Those whose stay has not ended and begins within the preload."""
        return dict(self._due(snapshot, now))

    def next_due(self, snapshot: Snapshot, now: datetime) -> datetime | None:
        """When the next one that is too early now will be due."""
        later = [
            wish.window.starts - self.preload
            for _, wish in self._living(snapshot)
            if wish.window.starts - self.preload > now
        ]
        return min(later, default=None)

    def digits(self, box: str, grant: GrantId) -> str | None:
        """In clear, for as long as it takes to send them; None when the box does not open here."""
        context = pin_context(self._means.house, grant, self._lock)
        try:
            return self._means.sealing.open(box, context=context).decode("ascii")
        except (SealError, UnicodeDecodeError):
            return None

    def mark(self, digits: str) -> str:
        """Keyed, so that the few possible PINs cannot be tried against a stolen file."""
        return fingerprint(self._means.mac_key, digits)

    def _due(self, snapshot: Snapshot, now: datetime) -> Iterator[tuple[PinKey, Wished]]:
        for grant, wish in self._living(snapshot):
            if wish.window.starts - self.preload <= now < wish.window.ends:
                digits = self.digits(wish.box, grant.id)
                mark = UNREADABLE if digits is None else self.mark(digits)
                yield (str(wish.credential), mark), (grant, wish)

    def _living(self, snapshot: Snapshot) -> Iterator[Wished]:
        time, book = self._means.time.proven(), self._means.ledger.book
        for grant in snapshot.grants:
            if alive(book, grant.id, time) not in _GONE:
                yield from ((grant, wish) for wish in grant.pins if wish.lock == self._lock)


def pin_key(pin: KeptPin) -> PinKey:
    """A PIN is its credential and its digits: changed digits are another PIN."""
    return str(pin.credential), pin.fingerprint


def recover_pins(means: Means, shelf: PinShelf) -> int:
    """At start: take up again what the record knows and the shelf has lost; how many.

    They count as not wanted until the book says so, and as in the lock until proven gone.
    """
    lost = [each for each in means.audit.living_pins() if not _is_kept(shelf, each)]
    for each in lost:
        shelf.put(_found_again(each, means.time.now().earliest))
    return len(lost)


def _is_kept(shelf: PinShelf, living: LivingPin) -> bool:
    key = (str(living.credential), living.mark)
    return any(pin_key(each) == key for each in shelf.at_lock(living.lock))


def _found_again(living: LivingPin, now: datetime) -> KeptPin:
    return KeptPin(
        credential=living.credential,
        lock=living.lock,
        fingerprint=living.mark,
        grant=living.grant,
        starts=living.window.starts,
        ends=living.window.ends,
        box=living.box,
        wanted=False,
        state=living.state,
        reason="found_in_record",
        tries=0,
        next_try=now,
        touched=True,
        held=living.window if living.state in {PinState.READ_BACK, PinState.FIRST_USED} else None,
    )
