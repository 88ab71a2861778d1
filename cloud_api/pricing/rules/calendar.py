"""What kind of night is this, what does it cost, and which stays does a special date forbid?"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.rules.money import Exchange, whole
from cloud_api.pricing.types import (
    Level,
    MinimumStay,
    NightBasis,
    NightPrices,
    Season,
    Settings,
    SpecialDate,
    UnitTerms,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NightKind:
    """One night of a property's calendar."""

    night: date
    high: bool
    weekend: bool


def nights_of(check_in: date, check_out: date) -> list[date]:
    """The nights of a stay; the day of departure is none."""
    return [check_in + n * _DAY for n in range((check_out - check_in).days)]


def kinds_of(
    nights: Sequence[date], settings: Settings, seasons: Sequence[Season]
) -> list[NightKind]:
    """What kind each night is: high season or not, weekend or not."""
    ranked = in_rank(seasons)
    return [
        NightKind(night, _is_high(night, ranked), night.weekday() in settings.weekend)
        for night in nights
    ]


def season_of(night: date, seasons: Sequence[Season]) -> Season | None:
    """The season a night is in: a property's own before a general one, one year's before yearly.

    Among equals a high one; None is low season.
    """
    return next((each for each in in_rank(seasons) if _holds(each, night)), None)


def in_rank(seasons: Sequence[Season]) -> list[Season]:
    """The seasons, the one that decides first."""
    return sorted(
        seasons, key=lambda s: (not s.own, s.year is None, s.level is not Level.HIGH, s.id)
    )


def night_price(
    unit: UnitTerms, kind: NightKind, settings: Settings, exchange: Exchange, currency: Currency
) -> tuple[int, NightBasis]:
    """What a night costs for one person: special date, else season and weekday, else base price."""
    special = special_on(unit.specials, kind.night)
    if special is not None:
        return exchange.minor(special.price, currency), NightBasis.SPECIAL_DATE
    if unit.nights is not None:
        return exchange.minor(_listed(unit.nights, kind), currency), NightBasis.NIGHT_PRICE
    base = Money(whole(unit.base.minor * _factor(kind, settings)), unit.base.currency)
    return exchange.minor(base, currency), NightBasis.BASE_PRICE


def special_on(specials: Sequence[SpecialDate], night: date) -> SpecialDate | None:
    """The special date this night is."""
    for each in specials:
        if each.day == night.day and each.month == night.month:
            return each
    return None


def minimum_stay(
    specials: Sequence[SpecialDate],
    check_in: date,
    check_out: date,
    taken: AbstractSet[date],
) -> MinimumStay | None:
    """The special date that forbids this stay, if one does.

    A special date wanting N nights protects the nights from N-1 before it to N-1 after it, in the
    year of arrival and the next: while its own night is free, a stay with a night in there must
    have at least N nights and hold the special one.
    """
    for special in specials:
        if special.minimum_nights == 1:
            continue  # whoever is in its night has it, and pays for it
        for night in _occurrences(special, check_in.year):
            if night not in taken and _spoilt(special, night, check_in, check_out):
                return MinimumStay(special.name, night, special.minimum_nights)
    return None


def protected(specials: Sequence[SpecialDate], check_in: date, check_out: date) -> frozenset[date]:
    """The special nights whose being taken or free matters for this stay."""
    return frozenset(
        night
        for special in specials
        for night in _occurrences(special, check_in.year)
        if _touches(special, night, check_in, check_out)
    )


def _occurrences(special: SpecialDate, year: int) -> Iterator[date]:
    for each in (year, year + 1):
        try:
            yield date(each, special.month, special.day)
        except ValueError:  # 29 February of another year
            continue


def _touches(special: SpecialDate, night: date, check_in: date, check_out: date) -> bool:
    reach = (special.minimum_nights - 1) * _DAY
    return check_in <= night + reach and check_out > night - reach


def _spoilt(special: SpecialDate, night: date, check_in: date, check_out: date) -> bool:
    if not _touches(special, night, check_in, check_out):
        return False
    long_enough = (check_out - check_in).days >= special.minimum_nights
    return not (long_enough and check_in <= night < check_out)


def _is_high(night: date, ranked: Sequence[Season]) -> bool:
    found = next((each for each in ranked if _holds(each, night)), None)
    return found is not None and found.level is Level.HIGH


def _holds(season: Season, night: date) -> bool:
    day = (night.month, night.day)
    wraps = season.start > season.end
    if wraps:
        inside = day >= season.start or day <= season.end
    else:
        inside = season.start <= day <= season.end
    begun = night.year - 1 if wraps and day <= season.end else night.year
    return inside and season.year in {None, begun}


def _listed(prices: NightPrices, kind: NightKind) -> Money:
    if kind.high:
        minor = prices.high_weekend if kind.weekend else prices.high_weekday
    else:
        minor = prices.low_weekend if kind.weekend else prices.low_weekday
    return Money(minor, prices.currency)


def _factor(kind: NightKind, settings: Settings) -> Decimal:
    factor = settings.high_season_factor if kind.high else Decimal(1)
    return factor * settings.weekend_factor if kind.weekend else factor
