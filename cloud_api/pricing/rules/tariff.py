"""How do the terms of many units become what one stay is priced with?"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.errors import ExchangeRateMissing
from cloud_api.pricing.rules.calendar import NightKind, kinds_of, minimum_stay, nights_of
from cloud_api.pricing.rules.charges import Charged
from cloud_api.pricing.rules.hours import cut_of, night_sold, terms_for
from cloud_api.pricing.rules.money import Exchange, decimals_of
from cloud_api.pricing.rules.stay import finish, unit_lines
from cloud_api.pricing.types import (
    CutKind,
    ExchangeRate,
    HourKind,
    HourPrice,
    HourTerms,
    MinimumStay,
    Season,
    Service,
    Settings,
    Taken,
    Tariff,
    UnitPrice,
    UnitTerms,
    WhyNotHour,
)
from cloud_api.properties.types import BookableUnit

DEFAULTS = Settings()


def settings_of(tariff: Tariff, unit: BookableUnit) -> Settings:
    """The conventions of the unit's property."""
    return tariff.settings.get(unit.property_id, DEFAULTS)


def currency_of(tariff: Tariff, unit: BookableUnit) -> Currency:
    """The currency the unit's property prices in."""
    return settings_of(tariff, unit).currency or unit.base_price.currency


def terms_of(tariff: Tariff, unit: BookableUnit) -> UnitTerms:
    """What this unit's price is made from."""
    prices = tariff.prices.get(unit.unit_id)
    return UnitTerms(
        unit_id=unit.unit_id,
        name=unit.name,
        capacity=unit.capacity,
        base=unit.base_price,
        nights=prices.nights if prices else None,
        extra_person=prices.extra_person if prices else None,
        fixed=prices.fixed if prices else False,
        specials=tariff.specials.get(unit.unit_id, ()),
    )


def rates_of(tariff: Tariff, unit: BookableUnit) -> tuple[ExchangeRate, ...]:
    """The rates that touch the currency of the unit's property."""
    currency = currency_of(tariff, unit)
    known = tariff.rates.get(unit.organisation_id, ())
    return tuple(each for each in known if currency in {each.base, each.quote})


def seasons_of(tariff: Tariff, unit: BookableUnit) -> tuple[Season, ...]:
    """The seasons of the unit's property."""
    return tariff.seasons.get(unit.property_id, ())


def services_of(tariff: Tariff, unit: BookableUnit) -> tuple[Service, ...]:
    """The services offered at the unit's property."""
    return tariff.services.get(unit.property_id, ())


def exchange_for(rates: tuple[ExchangeRate, ...], *more: Currency | None) -> Exchange:
    """These rates with the minor digits of every currency in them."""
    told = {each for rate in rates for each in (rate.base, rate.quote)}
    return Exchange(rates, decimals_of(told | {each for each in more if each}))


@dataclass(frozen=True, slots=True)
class _Place:
    """What all units of one property share."""

    settings: Settings
    currency: Currency
    kinds: list[NightKind]
    mandatory: tuple[Service, ...]
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Search:
    """Prices of many units for one stay; what a property's units share is worked out once."""

    tariff: Tariff
    check_in: date
    check_out: date
    guests: int
    taken: Taken
    _places: dict[tuple[UUID, Currency], _Place] = field(default_factory=dict, init=False)

    def price(self, unit: BookableUnit) -> UnitPrice:
        """One unit alone, mandatory services and charges in, discounts out."""
        place, terms = self._place(unit), terms_of(self.tariff, unit)
        nights = self.taken.get(unit.unit_id, frozenset())
        minimum = minimum_stay(terms.specials, self.check_in, self.check_out, nights)
        if minimum is not None:
            return self._refused(unit, place, minimum=minimum)
        try:
            return self._priced(terms, place)
        except ExchangeRateMissing:
            return self._refused(unit, place, minimum=None)

    def _priced(self, terms: UnitTerms, place: _Place) -> UnitPrice:
        people = max(1, self.guests)
        nights, extra = unit_lines(
            terms,
            people,
            kinds=place.kinds,
            settings=place.settings,
            exchange=place.exchange,
            currency=place.currency,
        )
        blank = Charged(0, 0, len(place.kinds), people, place.currency)
        lines, charged = finish(
            [*nights, *extra], place.mandatory, blank, place.settings, place.exchange
        )
        total = Money(sum(line.amount for line in lines), place.currency)
        return UnitPrice(
            unit_id=terms.unit_id,
            nights=len(place.kinds),
            stay=Money(charged.stay, place.currency),
            total=total,
            second_total=in_second(total, place.settings.second_currency, place.exchange),
        )

    def _refused(
        self, unit: BookableUnit, place: _Place, *, minimum: MinimumStay | None
    ) -> UnitPrice:
        nothing = Money(0, place.currency)
        return UnitPrice(
            unit_id=unit.unit_id,
            nights=len(place.kinds),
            stay=nothing,
            total=nothing,
            minimum_stay=minimum,
            no_rate=minimum is None,
        )

    def _place(self, unit: BookableUnit) -> _Place:
        currency = currency_of(self.tariff, unit)
        key = (unit.property_id, currency)
        if key not in self._places:
            self._places[key] = self._shared(unit, currency)
        return self._places[key]

    def _shared(self, unit: BookableUnit, currency: Currency) -> _Place:
        settings = settings_of(self.tariff, unit)
        nights = nights_of(self.check_in, self.check_out)
        services = services_of(self.tariff, unit)
        return _Place(
            settings=settings,
            currency=currency,
            kinds=kinds_of(nights, settings, seasons_of(self.tariff, unit)),
            mandatory=tuple(each for each in services if each.mandatory),
            exchange=exchange_for(rates_of(self.tariff, unit), currency, settings.second_currency),
        )


def in_second(money: Money, second: Currency | None, exchange: Exchange) -> Money | None:
    """The amount in a property's second currency; None where it has none, or no rate is known."""
    if second is None or second == money.currency or not exchange.knows(money.currency, second):
        return None
    return Money(exchange.minor(money, second), second)


def stretched(
    tariff: Tariff,
    unit: BookableUnit,
    kind: HourKind,
    day: date,
    *,
    guests: int,
    taken: Taken,
) -> HourPrice:
    """A late check-out or early check-in: its night for everybody, less the weekday's cut.

    Raises ExchangeRateMissing.
    """
    settings, currency = settings_of(tariff, unit), currency_of(tariff, unit)
    night = night_sold(kind, day)
    terms = terms_for(settings, kind, night)
    exchange = exchange_for(rates_of(tariff, unit), currency, settings.second_currency)
    why_not = _why_not(terms, taken.get(unit.unit_id, frozenset()), night)
    full = 0 if why_not else _full_night(tariff, unit, night, guests, exchange)
    cut = cut_of(full, terms, decimals=exchange.digits(currency))
    price = Money(full - cut, currency)
    second = None if why_not else in_second(price, settings.second_currency, exchange)
    return HourPrice(
        kind=kind,
        unit_id=unit.unit_id,
        night=night,
        guests=guests,
        full=Money(full, currency),
        cut=Money(cut, currency),
        price=price,
        second_price=second,
        percent=terms.cut if terms.kind is CutKind.PERCENT else None,
        why_not=why_not,
    )


def _why_not(terms: HourTerms, taken: AbstractSet[date], night: date) -> WhyNotHour | None:
    if not terms.allowed:
        return WhyNotHour.WEEKDAY
    return WhyNotHour.TAKEN if night in taken else None


def _full_night(
    tariff: Tariff, unit: BookableUnit, night: date, guests: int, exchange: Exchange
) -> int:
    settings = settings_of(tariff, unit)
    nights, extra = unit_lines(
        terms_of(tariff, unit),
        guests,
        kinds=kinds_of([night], settings, seasons_of(tariff, unit)),
        settings=settings,
        exchange=exchange,
        currency=currency_of(tariff, unit),
    )
    return sum(line.amount for line in (*nights, *extra))
