"""How do a stay's inputs become lines, and lines totals?"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.discounts.types import Asked, Discounting, Rate
from cloud_api.pricing.rules.advice import advice_for
from cloud_api.pricing.rules.calendar import (
    NightKind,
    kinds_of,
    night_price,
    nights_of,
    special_on,
)
from cloud_api.pricing.rules.charges import Charged, included, on_top
from cloud_api.pricing.rules.money import Exchange, running, share, to_multiple
from cloud_api.pricing.types import (
    Inputs,
    Line,
    LineKind,
    Quote,
    Service,
    Settings,
    Totals,
    UnitTerms,
)

type AmountOf = Callable[[Line], int]


def unit_lines(
    unit: UnitTerms,
    people: int,
    *,
    kinds: Sequence[NightKind],
    settings: Settings,
    exchange: Exchange,
    currency: Currency,
) -> tuple[list[Line], list[Line]]:
    """A unit's nights for one person, and the money for everybody after the first."""
    nights: list[Line] = []
    for kind in kinds:
        price, basis = night_price(unit, kind, settings, exchange, currency)
        nights.append(
            Line(LineKind.NIGHT, unit.name, 1, price, price, unit.unit_id, kind.night, basis)
        )
    more = 0 if unit.fixed else people - 1
    if not more or unit.extra_person is None:
        return nights, []
    each = exchange.minor(unit.extra_person, currency)
    quantity = more * len(kinds)
    extra = Line(LineKind.EXTRA_PERSONS, unit.name, quantity, each, quantity * each, unit.unit_id)
    return nights, [extra]


def stay_lines(inputs: Inputs, exchange: Exchange) -> list[Line]:
    """The nights of every unit, then the further persons of every unit."""
    wish = inputs.wish
    kinds = kinds_of(nights_of(wish.check_in, wish.check_out), inputs.settings, inputs.seasons)
    nights: list[Line] = []
    extras: list[Line] = []
    for unit, people in zip(inputs.units, inputs.people, strict=True):
        one, more = unit_lines(
            unit,
            people,
            kinds=kinds,
            settings=inputs.settings,
            exchange=exchange,
            currency=inputs.currency,
        )
        nights += one
        extras += more
    return nights + extras


def service_line(
    service: Service, nights: int, guests: int, exchange: Exchange, currency: Currency
) -> Line:
    """One service: its price, for each night and each person where it is so sold."""
    quantity = (nights if service.per_night else 1) * (guests if service.per_person else 1)
    each = exchange.minor(service.price, currency)
    return Line(LineKind.SERVICE, service.name, quantity, each, quantity * each)


def finish(
    lines: Sequence[Line],
    services: Sequence[Service],
    of: Charged,
    settings: Settings,
    exchange: Exchange,
) -> tuple[list[Line], Charged]:
    """The stay's lines with services, charges and rounding below them; and what was charged.

    `of` tells nights, guests and currency; its amounts are worked out here.
    """
    sold = [service_line(s, of.nights, of.guests, exchange, of.currency) for s in services]
    stay = _sum(lines)
    of = replace(of, stay=stay, with_services=stay + _sum(sold))
    charged = on_top(settings.charges, of, exchange)
    raw = of.with_services + _sum(charged)
    off = to_multiple(raw, settings.rounding) - raw
    rounding = [Line(LineKind.ROUNDING, "", 1, off, off)] if off else []
    return [*lines, *sold, *charged, *rounding], of


def discount_lines(discounting: Discounting, subtotal: int) -> list[Line]:
    """The discount as a negative line; never more than the stay costs."""
    applied = discounting.applied
    if applied is None:
        return []
    off = -min(subtotal, max(0, applied.amount.minor))
    return [Line(LineKind.DISCOUNT, applied.name, 1, off, off)] if off else []


def asked_of(inputs: Inputs) -> Asked:
    """What the stay's discount is asked with; amounts before any discount."""
    exchange = Exchange(inputs.rates, inputs.decimals)
    lines = stay_lines(inputs, exchange)
    wish, settings = inputs.wish, inputs.settings
    base = _sum(line for line in lines if line.kind is LineKind.NIGHT)
    arrival = wish.check_in
    special = any(special_on(unit.specials, arrival) for unit in inputs.units)
    return Asked(
        property_id=inputs.property_id,
        unit_ids=wish.unit_ids,
        check_in=wish.check_in,
        check_out=wish.check_out,
        today=inputs.today,
        guests=wish.guests,
        base_total=Money(base, inputs.currency),
        subtotal=Money(_sum(lines), inputs.currency),
        special_dates=frozenset({arrival} if special else ()),
        client=inputs.client,
        code=wish.code,
        rate=_discount_rate(exchange, inputs.currency, settings.second_currency),
        weekend=settings.weekend,
    )


def price(inputs: Inputs) -> Quote:
    """The quote that follows from these inputs, and from nothing else.

    Raises ExchangeRateMissing.
    """
    exchange = Exchange(inputs.rates, inputs.decimals)
    wish, settings = inputs.wish, inputs.settings
    count = (wish.check_out - wish.check_in).days
    nights = stay_lines(inputs, exchange)
    subtotal = _sum(nights)
    reduced = [*nights, *discount_lines(inputs.discounting, subtotal)]
    blank = Charged(0, 0, count, wish.guests, inputs.currency)
    lines, charged = finish(reduced, inputs.services, blank, settings, exchange)
    lines, second = _in_second(lines, inputs.currency, settings.second_currency, exchange)
    totals = totals_of(lines, lambda line: line.amount, settings, share_of=None)
    return Quote(
        property_id=inputs.property_id,
        unit_ids=wish.unit_ids,
        check_in=wish.check_in,
        check_out=wish.check_out,
        nights=count,
        guests=wish.guests,
        language=wish.language,
        currency=inputs.currency,
        totals=totals,
        lines=tuple(lines),
        included=tuple(included(settings.charges, charged, exchange)),
        second_currency=second,
        second_totals=_second_totals(lines, totals, settings, exchange, (inputs.currency, second)),
        rate=exchange.rate(inputs.currency, second) if second else None,
        discounting=inputs.discounting,
        advice=tuple(advice_for(inputs, exchange, nights=count, subtotal=subtotal)),
        made_at=inputs.made_at,
        expires_at=inputs.expires_at,
    )


def totals_of(
    lines: Sequence[Line], amount: AmountOf, settings: Settings, *, share_of: int | None
) -> Totals:
    """The sums of one column. `share_of` is a deposit already worked out in another currency."""

    def of(kind: LineKind) -> int:
        return sum(amount(line) for line in lines if line.kind is kind)

    base, extra, off = of(LineKind.NIGHT), of(LineKind.EXTRA_PERSONS), of(LineKind.DISCOUNT)
    services, charges, rounding = (
        of(LineKind.SERVICE),
        of(LineKind.CHARGE),
        of(LineKind.ROUNDING),
    )
    stay = base + extra + off
    total = stay + services + charges + rounding
    deposit = share(total, settings.deposit_percent) if share_of is None else share_of
    return Totals(
        base=base,
        extra_persons=extra,
        subtotal=base + extra,
        discount=-off,
        stay=stay,
        services=services,
        with_services=stay + services,
        charges=charges,
        rounding=rounding,
        total=total,
        deposit=deposit,
        balance=total - deposit,
    )


def _in_second(
    lines: Sequence[Line], currency: Currency, second: Currency | None, exchange: Exchange
) -> tuple[list[Line], Currency | None]:
    """Lines with their second column; no second currency where no rate is known."""
    if second is None or second == currency or not exchange.knows(currency, second):
        return list(lines), None
    told = running(
        [line.amount for line in lines],
        lambda amount: exchange.minor(Money(amount, currency), second),
    )
    return [replace(line, second=each) for line, each in zip(lines, told, strict=True)], second


def _second_totals(
    lines: Sequence[Line],
    totals: Totals,
    settings: Settings,
    exchange: Exchange,
    currencies: tuple[Currency, Currency | None],
) -> Totals | None:
    currency, second = currencies
    if second is None:
        return None
    deposit = exchange.minor(Money(totals.deposit, currency), second)
    return totals_of(lines, lambda line: line.second or 0, settings, share_of=deposit)


def _discount_rate(exchange: Exchange, one: Currency, other: Currency | None) -> Rate | None:
    found = exchange.rate(one, other) if other else None
    return None if found is None else Rate(found.base, found.quote, found.value)


def _sum(lines: Iterable[Line]) -> int:
    return sum(line.amount for line in lines)
