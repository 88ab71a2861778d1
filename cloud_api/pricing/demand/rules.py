"""How much does an event fill the town, what is a night worth then, and what is asked next?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from cloud_api.kit.money import Money
from cloud_api.pricing.demand.types import (
    Cursor,
    Demand,
    EventStatus,
    Happening,
    Numbers,
    Opinion,
    Told,
    Venue,
)

MOST_SCORE = 100
PAGE_SIZE = 200
# The vendor answers only while size * page < 1000: pages 0 to 4 of 200.
MOST_SHOWN = 1_000
PAGES_SHOWN = 5
DAILY_LIMIT = 5_000
AT_ONCE = 5
"""Requests that may go together. The next ones go `APART` later at the earliest: even if some are
a second on their way, the vendor never sees more than five in one."""
APART = timedelta(seconds=2)
HORIZON_DAYS = 365
SOONEST_AGAIN = timedelta(minutes=10)
# Of each day's requests so many are kept back: for first looks, and for what others ask.
_KEPT_BACK_PERCENT = 10
_DAY = timedelta(days=1)
_OFF = frozenset({EventStatus.CANCELLED, EventStatus.POSTPONED})


def opinion(
    happening: Happening, venues: Sequence[Venue], numbers: Numbers, *, now: datetime
) -> Opinion:
    """What we think of it. An event that is off scores nothing and alerts nobody."""
    venue = venue_of(happening, venues)
    sold_out = is_sold_out(happening, now=now)
    score = 0 if happening.status in _OFF else _score(happening, venue, numbers, sold_out=sold_out)
    return Opinion(
        score=score,
        demand=level(score, numbers),
        sold_out=sold_out,
        price=suggested(score, venue, numbers, sold_out=sold_out),
        alert=happening.status not in _OFF and _alerts(score, venue, numbers, sold_out=sold_out),
        venue_id=None if venue is None else venue.id,
    )


def is_sold_out(happening: Happening, *, now: datetime) -> bool:
    """Off sale though its sale has begun and is not over: before and after, that means nothing."""
    if happening.status is not EventStatus.OFF_SALE:
        return False
    begun = happening.sale_begins is None or happening.sale_begins <= now
    over = happening.sale_ends is not None and happening.sale_ends <= now
    return begun and not over


def level(score: int, numbers: Numbers) -> Demand:
    """The level of a score."""
    if score >= numbers.critical_from:
        return Demand.CRITICAL
    if score >= numbers.high_from:
        return Demand.HIGH
    return Demand.MEDIUM if score >= numbers.medium_from else Demand.LOW


def suggested(score: int, venue: Venue | None, numbers: Numbers, *, sold_out: bool) -> Money:
    """What a night is worth then; a hall's own price stands above any score."""
    if venue is not None and venue.price is not None:
        return venue.price
    if score >= numbers.critical_from or (sold_out and score >= numbers.high_from):
        return numbers.critical_price
    if score >= numbers.high_from:
        return numbers.high_price
    return numbers.medium_price if score >= numbers.medium_from else numbers.low_price


def venue_of(happening: Happening, venues: Sequence[Venue]) -> Venue | None:
    """The hall it is in: by the vendor's id, else by name; of several the one worth most."""
    known = [each for each in venues if each.vendor_id and each.vendor_id == happening.venue_id]
    named = [each for each in venues if _is_named(each, happening)]
    return max(known or named, key=lambda each: (each.bonus, each.name), default=None)


def step(cursor: Cursor, told: Told) -> Cursor | None:
    """What is asked after this page; None when the whole was seen.

    A window that is longer than what the vendor shows is halved and asked anew, down to one day.
    """
    days = (cursor.until - cursor.first).days
    if told.total > MOST_SHOWN and days > 1:
        return replace(cursor, until=cursor.first + timedelta(days=days // 2), page=0)
    if cursor.page + 1 < min(told.pages, PAGES_SHOWN):
        return replace(cursor, page=cursor.page + 1)
    if cursor.until >= cursor.end:
        return None
    # As wide as the last: a busy town stays busy.
    until = min(cursor.until + timedelta(days=days), cursor.end)
    return replace(cursor, first=cursor.until, until=until, page=0)


def beginning(today: date, horizon_days: int) -> Cursor:
    """A whole search from today on."""
    end = today + timedelta(days=horizon_days)
    return Cursor(first=today, until=end, end=end)


def again_after(requests_of_all: int, limit: int) -> timedelta:
    """How long to wait between whole searches, so that all of a key's fit into its day."""
    usable = max(1, limit * (100 - _KEPT_BACK_PERCENT) // 100)
    return max(SOONEST_AGAIN, _DAY * max(0, requests_of_all) / usable)


def may_go(*, used: int, limit: int, granted_at: datetime | None, now: datetime) -> int:
    """How many requests may go now."""
    if granted_at is not None and now < granted_at + APART:
        return 0
    return max(0, min(AT_ONCE, limit - used))


def _score(happening: Happening, venue: Venue | None, numbers: Numbers, *, sold_out: bool) -> int:
    ticket = happening.least_price if happening.most_price is None else happening.most_price
    points = numbers.base + (numbers.sold_out if sold_out else 0)
    if ticket is not None:
        steps = sorted(numbers.steps, key=lambda each: -each.above)
        points += next((each.points for each in steps if ticket > each.above), 0)
    if venue is not None:
        points += venue.bonus
        points += numbers.unpriced_major if ticket is None and venue.bonus > 0 else 0
    return max(0, min(points, MOST_SCORE))


def _alerts(score: int, venue: Venue | None, numbers: Numbers, *, sold_out: bool) -> bool:
    if venue is not None and (venue.always_alert or (sold_out and venue.priority)):
        return True
    return score >= numbers.critical_from


def _is_named(venue: Venue, happening: Happening) -> bool:
    name = venue.name.casefold()
    if name in happening.venue.casefold():
        return True
    return venue.by_title and name in happening.name.casefold()
