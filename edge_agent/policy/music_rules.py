"""How loud may it be right now, and whose turn is it?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from edge_agent.policy.model import Time
from protocol.access import Verb
from protocol.music import MusicRules, QuietHours

NEEDS: dict[str, frozenset[Verb]] = {
    "players": frozenset({Verb.MUSIC_CONTROL, Verb.MUSIC_VOLUME, Verb.MUSIC_QUEUE}),
    "transport": frozenset({Verb.MUSIC_CONTROL}),
    "set_volume": frozenset({Verb.MUSIC_VOLUME}),
    "view_queue": frozenset({Verb.MUSIC_CONTROL, Verb.MUSIC_QUEUE}),
    "play_media": frozenset({Verb.MUSIC_QUEUE}),
    "search": frozenset({Verb.MUSIC_QUEUE}),
    "library_tracks": frozenset({Verb.MUSIC_QUEUE}),
    "library": frozenset({Verb.MUSIC_QUEUE}),
}
"""Which rights allow a wish of `protocol.music`: any one of them does."""

CHANGES_SOMETHING = frozenset({"transport", "set_volume", "play_media"})
"""Wishes that are put on record; looking is not."""


def ceiling(rules: MusicRules, time: Time, zone: str) -> int:
    """The loudest volume in percent; the strictest that may hold anywhere in the interval."""
    quiet = [each.ceiling for each in rules.quiet_hours if _may_be_quiet(each, time, zone)]
    return min([rules.ceiling, *quiet])


@dataclass(frozen=True, slots=True)
class Fade:
    """Music that sinks to a lower ceiling. Percent; seconds since it began."""

    loud: int
    low: int
    seconds: float

    def allowed(self, elapsed: float) -> int:
        """How loud it may still be after so many seconds; a straight line down."""
        if elapsed >= self.seconds:
            return self.low
        left = (self.loud - self.low) * (1 - max(elapsed, 0.0) / self.seconds)
        return self.low + round(left)


def place_in_turn(waiting: Sequence[str], newcomer: str) -> int:
    """Where a track of `newcomer` goes among those that wait, one of each person in turn.

    `waiting`: whose each waiting track is, in order. The k-th track of a person comes after
    everybody's first k that wait already; nobody who waits is overtaken by more than one track
    of anybody.
    """
    mine = sum(owner == newcomer for owner in waiting)
    seen = Counter[str]()
    for place, owner in enumerate(waiting):
        seen[owner] += 1
        if seen[owner] > mine + 1:
            return place
    return len(waiting)


def _may_be_quiet(hours: QuietHours, moment: Time, zone: str) -> bool:
    if moment.latest is None:
        return True
    place = ZoneInfo(zone)
    first, last = moment.earliest.astimezone(place), moment.latest.astimezone(place)
    return _within(hours, first) or _within(hours, last)


def _within(hours: QuietHours, local: datetime) -> bool:
    starts, ends = _clock(hours.starts_local), _clock(hours.ends_local)
    now = local.time()
    if starts <= ends:
        return starts <= now < ends
    return now >= starts or now < ends


def _clock(text: str) -> time:
    return time.fromisoformat(text)
