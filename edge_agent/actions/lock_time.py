"""What shall a lock's clock show, and which local minutes bound a PIN, also when clocks change?

A lock knows no zone. One rule: it keeps house-local time, and is moved when the house's clocks are.
An hour that comes twice cannot be told apart by the lock, so a PIN that begins or ends inside it
gets the part in which it is surely right: never a minute before its start or after its end.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
_LONGEST_OVERLAP: Final = timedelta(hours=4)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """An instant as the hands show it (naive)."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def local_life(starts: datetime, ends: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The whole local minutes inside `[starts, ends)`: start rounded up, end down.

    The first may come out not before the second: then no minute is surely inside.
    """
    first, last = _minute_up(starts), _minute_down(ends)
    return _surely_begun(first, zone), _surely_ended(last, zone)


def next_change(zone: ZoneInfo, *, after: datetime, until: datetime) -> datetime | None:
    """The instant in `(after, until]` from which the house's clocks stand differently."""
    if _offset(after, zone) == _offset(until, zone):
        return None
    before, changed = after.astimezone(UTC), until.astimezone(UTC)
    while changed - before > _SECOND:
        middle = before + (changed - before) / 2
        if _offset(middle, zone) == _offset(after, zone):
            before = middle
        else:
            changed = middle
    return changed.replace(microsecond=0)


def change_between(earlier: datetime, later: datetime, zone: ZoneInfo) -> timedelta:
    """By how much the house's clocks were put forward in between; negative: back."""
    return _offset(later, zone) - _offset(earlier, zone)


def _surely_begun(moment: datetime, zone: ZoneInfo) -> datetime:
    hands = moment.astimezone(zone)
    if _comes_twice(hands) and hands.fold:
        change = next_change(zone, after=moment - _LONGEST_OVERLAP, until=moment)
        if change is not None:
            return local(change - _SECOND, zone).replace(second=0) + _MINUTE
    return local(moment, zone)


def _surely_ended(moment: datetime, zone: ZoneInfo) -> datetime:
    hands = moment.astimezone(zone)
    if _comes_twice(hands) and not hands.fold:
        change = next_change(zone, after=moment, until=moment + _LONGEST_OVERLAP)
        if change is not None:
            return local(change, zone)
    return local(moment, zone)


def _comes_twice(hands: datetime) -> bool:
    return hands.replace(fold=0).utcoffset() != hands.replace(fold=1).utcoffset()


def _minute_down(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _minute_up(moment: datetime) -> datetime:
    return _minute_down(moment + _MINUTE - timedelta(microseconds=1))


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
