"""What does it cost to leave late, or to come early?"""

from datetime import date, timedelta
from decimal import Decimal

from cloud_api.pricing.rules.money import share, whole
from cloud_api.pricing.types import CutKind, HourKind, HourTerms, Settings

OFFERED = (
    *(HourTerms(day, allowed=True, cut=Decimal(10)) for day in range(4)),
    HourTerms(4, allowed=False),
    HourTerms(5, allowed=False),
    HourTerms(6, allowed=True, cut=Decimal(15)),
)
"""Terms a property may begin with: 10 % off from Monday to Thursday, 15 % on Sunday, else none."""


def night_sold(kind: HourKind, day: date) -> date:
    """The night that is given for it: of the departure day itself, or the one before arrival."""
    return day if kind is HourKind.LATE_CHECK_OUT else day - timedelta(days=1)


def terms_for(settings: Settings, kind: HourKind, night: date) -> HourTerms:
    """The weekday's terms. Without any it is allowed without a cut, but not on weekend nights."""
    late = kind is HourKind.LATE_CHECK_OUT
    told = settings.late_check_out if late else settings.early_check_in
    weekday = night.weekday()
    for each in told:
        if each.weekday == weekday:
            return each
    return HourTerms(weekday, allowed=weekday not in settings.weekend)


def cut_of(full: int, terms: HourTerms, *, decimals: int) -> int:
    """How much is taken off the night's full price; never more than it."""
    if terms.kind is CutKind.PERCENT:
        return min(full, share(full, terms.cut))
    return min(full, whole(terms.cut.scaleb(decimals)))
