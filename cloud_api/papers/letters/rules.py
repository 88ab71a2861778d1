"""When is which letter due? Pure; a house's hours are meant by its own clock, whatever the season.

Days and hours are counted on the wall clock of the house's zone and only then turned into UTC, so
that "the day before, at this hour" stays that hour over a change of the clocks.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cloud_api.messaging.types import MessageEvent
from cloud_api.papers.letters.types import Due, Habits, StayHours

# A day after the stay nobody looks for thanks any more; a week after it they may.
THANKS_USEFUL = timedelta(days=7)


def due(stay: StayHours, habits: Habits, *, now: datetime) -> tuple[Due, ...]:
    """The letters of a certain stay that are of use at this instant and not switched off."""
    return tuple(
        each
        for each in _by_clock(stay, habits)
        if each.letter not in habits.off and each.since <= now < each.until
    )


def arrival(stay: StayHours) -> datetime:
    """When the stay begins, in UTC."""
    return _instant(stay.check_in, stay.arrival_hour, stay.zone)


def departure(stay: StayHours) -> datetime:
    """When the stay ends, in UTC."""
    return _instant(stay.check_out, stay.departure_hour, stay.zone)


def thanks_at(stay: StayHours, habits: Habits) -> datetime:
    """When a guest is thanked, in UTC."""
    return _instant(stay.check_out + _days(habits.thanks_days), habits.send_at, stay.zone)


def of_arrival(stay: StayHours) -> str:
    """Which arrival a letter is about: another day or house is another one."""
    return f"{stay.check_in}/{stay.house_id.hex[:8]}"


def of_departure(stay: StayHours) -> str:
    """Which departure a letter is about."""
    return f"{stay.check_out}/{stay.house_id.hex[:8]}"


def of_key(stay: StayHours, credential: object) -> str:
    """Which key a letter is about: other days, another house or another PIN is another one."""
    return f"{of_arrival(stay)}/{stay.check_out}/{credential}"


def _by_clock(stay: StayHours, habits: Habits) -> Iterator[Due]:
    begins, ends = arrival(stay), departure(stay)
    day_before = _instant(stay.check_in - _days(1), stay.arrival_hour, stay.zone)
    coming, going = of_arrival(stay), of_departure(stay)

    def before(days: int) -> datetime:
        return _instant(stay.check_in - _days(days), habits.send_at, stay.zone)

    yield Due(MessageEvent.CHECK_IN_INVITATION, coming, before(habits.invitation_days), begins)
    # Whoever books on the last day is reminded at once; a welcome beside it would be one too many.
    yield Due(MessageEvent.WELCOME, coming, before(habits.welcome_days), day_before)
    yield Due(MessageEvent.REMINDER_24H, coming, day_before, begins)
    yield Due(MessageEvent.KEY_READY, coming, before(habits.key_days), ends)
    late = begins - timedelta(hours=habits.key_delayed_hours)
    yield Due(MessageEvent.KEY_DELAYED, coming, late, ends)
    yield Due(
        MessageEvent.CHECK_OUT,
        going,
        _instant(stay.check_out, habits.check_out_at, stay.zone),
        ends,
    )


def _instant(day: date, hour: time, zone: str) -> datetime:
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def _days(number: int) -> timedelta:
    return timedelta(days=number)
