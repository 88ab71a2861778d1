"""In which order do people read names, and which other nights come near the wished ones?"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from cloud_api.reservations.availability.types import Alternative
from cloud_api.reservations.types import Nights

NEAREST_DAYS = 7
MOST_NEAREST = 4
MOST_SHORTER = 2
_NUMBERED = re.compile(r"(.*?)\s*([0-9]{1,18})", re.DOTALL)

type NaturalKey = tuple[str, int, str]


def natural_key(name: str) -> NaturalKey:
    """Base name, then number: "House 2" stands before "House 10", a bare "House" before both."""
    found = _NUMBERED.fullmatch(name.strip())
    if found is None:
        return name.strip().casefold(), -1, name
    return found[1].strip().casefold(), int(found[2]), name


def window_around(nights: Nights) -> Nights:
    """Every night an alternative to these may touch."""
    reach = timedelta(days=NEAREST_DAYS)
    return Nights(nights.check_in - reach, nights.check_out + reach)


def nearest_free(nights: Nights, taken: Iterable[date], *, today: date) -> tuple[Alternative, ...]:
    """Free stays of the same length, at most a week away, the nearest first and earlier ties first.

    `taken` holds every taken night of `window_around`.
    """
    gone = frozenset(taken)
    shifts = sorted(range(-NEAREST_DAYS, NEAREST_DAYS + 1), key=lambda days: (abs(days), days))
    found = (_shifted(nights, days) for days in shifts if days)
    free = [each for each in found if each.nights.check_in >= today and _is_free(each.nights, gone)]
    return tuple(free[:MOST_NEAREST])


def shorter_free(nights: Nights, taken: Iterable[date], *, today: date) -> tuple[Alternative, ...]:
    """The longest free stretches inside the wished nights, longest first, shorter than wished."""
    gone = frozenset(taken)
    stretches: list[Nights] = []
    start: date | None = None
    for number in range(nights.count + 1):
        day = nights.check_in + timedelta(days=number)
        open_night = number < nights.count and day not in gone and day >= today
        if open_night and start is None:
            start = day
        elif not open_night and start is not None:
            stretches.append(Nights(start, day))
            start = None
    shorter = sorted(
        (each for each in stretches if each.count < nights.count),
        key=lambda each: (-each.count, each.check_in),
    )
    return tuple(
        Alternative(each, (each.check_in - nights.check_in).days) for each in shorter[:MOST_SHORTER]
    )


def _shifted(nights: Nights, days: int) -> Alternative:
    by = timedelta(days=days)
    return Alternative(Nights(nights.check_in + by, nights.check_out + by), days)


def _is_free(nights: Nights, taken: frozenset[date]) -> bool:
    return not any(
        nights.check_in + timedelta(days=number) in taken for number in range(nights.count)
    )
