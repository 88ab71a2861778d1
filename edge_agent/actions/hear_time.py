"""What is put on record when a witness of time is heard?

Only who holds a key (the cloud, answering our nonce) proves time. The system's clock, which some
time server set that nobody vouched for, and the clocks of the locks change nothing that is proven;
where nothing is, two of them must agree before they count, and then only until somebody proves
better.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.actions.means import Means
from edge_agent.actions.trusted_time import Heard
from edge_agent.policy.decide import decide
from edge_agent.policy.model import Denied, Wish
from protocol.access import Refusal, Right, Verb
from protocol.facts import Alarmed, ClockChanged, Via
from protocol.house import ClockState
from protocol.ids import GrantId

_SYSTEM_ERROR: Final = timedelta(milliseconds=500)
_LOCK_ERROR: Final = timedelta(minutes=2)
SYSTEM: Final = "system"


def hear_time(means: Means, earliest: datetime, latest: datetime, *, witness: str) -> Heard:
    """Take a keyed witness's interval; gained trust, jumps and contradictions are facts."""
    supposed = means.time.now() if means.time.proven().latest is None else None
    heard = means.time.witness(earliest, latest)
    match heard:
        case Heard.AGREES:
            return heard
        case Heard.GAINED:
            means.record(ClockChanged(state=ClockState.TRUSTED, reason=witness))
        case Heard.AHEAD:
            means.record(Alarmed(name="clock_moved_on", detail=f"{witness} is ahead of us"))
        case Heard.BEHIND:
            means.record(Alarmed(name="clock_witness_behind", detail=f"{witness} is behind us"))
            return heard
    means.time.forget_supposed()
    if supposed is not None and supposed.latest is not None:
        _tell_if_wrong(means, (supposed.earliest, supposed.latest), (earliest, latest))
    means.time.save()
    return heard


def hear_lock_time(means: Means, lock: str, told_local: datetime) -> Heard | None:
    """A lock's clock, read in a session that proved its key; counts only while nothing is proven.

    None: the house's zone is not known. It may stand at the offset that held when we last knew the
    time, if the house's clocks were changed since; then the interval spans both.
    """
    snapshot = means.ledger.book.snapshot
    if snapshot is None:
        return None
    zone = ZoneInfo(snapshot.zone)
    known = means.time.proven().earliest.astimezone(zone)
    offsets = {
        each.utcoffset() or timedelta(0)
        for each in (known, *(told_local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)))
    }
    moments = [(told_local - each).replace(tzinfo=UTC) for each in offsets]
    return suppose(means, f"lock {lock}", min(moments) - _LOCK_ERROR, max(moments) + _LOCK_ERROR)


def suppose(means: Means, witness: str, earliest: datetime, latest: datetime) -> Heard:
    """Two witnesses without a key that agree bound time, on record, until a key proves it."""
    heard = means.time.suppose(witness, earliest, latest)
    if heard is Heard.GAINED:
        means.record(
            ClockChanged(state=ClockState.TRUSTED, reason="two_witnesses_agree"),
            Alarmed(name="clock_supposed", detail=f"{witness} and another agree"),
        )
    return heard


def declare_time(means: Means, grant: GrantId, moment: datetime) -> Refusal | None:
    """A host says what time it is, while the house cannot know: on record, with an alarm.

    None: it counts from now on, until the first proven time or the end of this process.
    REQUEST_GONE: the time is known. TIME_UNKNOWN: it cannot be that time. Others: no such right.
    """
    wish = Wish(grant, Right(Verb.ACCESS_OVERRIDE), Via.HOST_OVERRIDE)
    verdict = decide(means.ledger.book, wish, means.time.now())
    if isinstance(verdict, Denied):
        return verdict.refusal
    if means.time.now().latest is not None:
        return Refusal.REQUEST_GONE
    if not means.time.declare(moment):
        return Refusal.TIME_UNKNOWN
    means.record(
        ClockChanged(state=ClockState.TRUSTED, reason="declared_by_host"),
        Alarmed(name="clock_declared", detail=f"{grant} says {moment.isoformat()}"),
    )
    return None


class SystemTime:
    """The system's clock, while its time service says that it is synchronised.

    `vouched`: the owner's word that the service's sources are authenticated (NTS, a receiver in
    the house): then it proves time as the cloud does.
    """

    def __init__(self, means: Means, synchronised: Path | None, *, vouched: bool) -> None:
        self._means = means
        self._synchronised = synchronised
        self._vouched = vouched
        self._contradicts = False

    def look(self) -> None:
        """Hear it once; a contradiction is told when it begins."""
        if self._synchronised is None or not self._synchronised.exists():
            return
        wall = self._means.time.wall()
        heard = self._hear(wall - _SYSTEM_ERROR, wall + _SYSTEM_ERROR)
        contradicts = heard in {Heard.BEHIND, Heard.AHEAD}
        if contradicts and not self._contradicts and not self._vouched:
            detail = f"{SYSTEM} is {heard.value} what is proven"
            self._means.record(Alarmed(name="clock_witness_disagrees", detail=detail))
        self._contradicts = contradicts

    def _hear(self, earliest: datetime, latest: datetime) -> Heard:
        time = self._means.time
        if self._vouched and not (self._contradicts and latest < time.proven().earliest):
            return hear_time(self._means, earliest, latest, witness=SYSTEM)
        if time.proven().latest is None:
            return suppose(self._means, SYSTEM, earliest, latest)
        return time.compare(earliest, latest)


def _tell_if_wrong(
    means: Means, supposed: tuple[datetime, datetime], proven: tuple[datetime, datetime]
) -> None:
    if supposed[1] < proven[0] or proven[1] < supposed[0]:
        off = (supposed[0] - proven[0]).total_seconds()
        detail = f"what was supposed stood {off:+.0f} s off"
        means.record(Alarmed(name="clock_supposed_wrongly", detail=detail))
