"""What does a stay cost, what did we promise somebody, and what goes back?

Whether a night is free is known to the rooms above: they tell it (`taken`).
"""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.vault import Vault
from cloud_api.pricing import repository
from cloud_api.pricing.discounts import service as discounts
from cloud_api.pricing.discounts.types import ClientFacts
from cloud_api.pricing.errors import NothingOnSale, QuoteExpired, QuoteInvalid, UnitsUnclear
from cloud_api.pricing.models import QuoteRow
from cloud_api.pricing.rules import document, refunds, tariff
from cloud_api.pricing.rules.calendar import protected
from cloud_api.pricing.rules.naming import natural
from cloud_api.pricing.rules.people import spread
from cloud_api.pricing.rules.stay import asked_of, price
from cloud_api.pricing.rules.wishes import (
    chosen,
    refuse_dates,
    refuse_day,
    refuse_guests,
    refuse_short_stay,
)
from cloud_api.pricing.types import (
    MOST_MINIMUM_NIGHTS,
    NONE_TAKEN,
    HourKind,
    HourPrice,
    Inputs,
    Quote,
    RefundShare,
    SignedQuote,
    Taken,
    Tariff,
    UnitPrice,
    UnitTerms,
    Wish,
)
from cloud_api.properties import service as properties
from cloud_api.properties.types import BookableUnit
from protocol.home import ThingKind


async def quote(
    session: Session,
    vault: Vault,
    wish: Wish,
    *,
    now: datetime,
    taken: Taken = NONE_TAKEN,
    client: ClientFacts | None = None,
) -> SignedQuote:
    """Price a stay, sign it and store it.

    `taken` should reach a special date's minimum stay around the dates (see `around`). Raises the
    problems of `pricing.errors`: dates, guests, units, services, special date, exchange rate.
    """
    units = await _units(session, wish.unit_ids)
    today = today_of(units[0], now)
    refuse_dates(wish.check_in, wish.check_out, today=today)
    refuse_guests(wish.guests)
    terms = await repository.tariff(session, units, now=now)
    inputs = _inputs(terms, units, wish, now=now, today=today)
    refuse_short_stay(inputs.units, wish.check_in, wish.check_out, taken)
    inputs = replace(
        inputs,
        client=client,
        taken=_that_mattered(inputs.units, wish, taken),
        heated_pool=await _has_heated_pool(session, units),
    )
    asked = asked_of(inputs)
    given = await discounts.discount_for(session, inputs.organisation_id, asked)
    inputs = replace(inputs, discounting=given)
    return await _signed(session, vault, inputs, price(inputs))


def around(check_in: date, check_out: date) -> tuple[date, date]:
    """The half-open dates whose taken nights a price may ask for."""
    reach = timedelta(days=MOST_MINIMUM_NIGHTS)
    first = check_in - min(reach, check_in - date.min)
    return first, check_out + min(reach, date.max - check_out)


async def read_quote(session: Session, vault: Vault, token: str, *, now: datetime) -> SignedQuote:
    """A quote that was given, as it was.

    Raises quote_invalid where it is unknown or was altered, and quote_expired.
    """
    named = document.parts_of(token)
    row = None if named is None else await repository.find_quote(session, named[0])
    if named is None or row is None or not hmac.compare_digest(named[1], bytes(row.mac)):
        raise QuoteInvalid
    found = _opened(vault, row)
    if now >= row.expires_at:
        raise QuoteExpired(extra={"expired_at": row.expires_at.isoformat()})
    return found


async def kept_quote(
    session: Session, vault: Vault, organisation_id: UUID, quote_id: UUID
) -> SignedQuote:
    """The quote something was booked by, expired or not. Raises quote_invalid."""
    row = await repository.find_quote(session, quote_id)
    if row is None or row.organisation_id != organisation_id:
        raise QuoteInvalid
    return _opened(vault, row)


async def keep_quote(session: Session, organisation_id: UUID, quote_id: UUID) -> None:
    """Something was booked by this quote: keep it for good. Again is harmless.

    Raises quote_invalid where the organisation has none of this id.
    """
    if not await repository.keep_quote(session, organisation_id, quote_id):
        raise QuoteInvalid


async def verify(session: Session, vault: Vault, organisation_id: UUID, quote_id: UUID) -> bool:
    """Does the stored quote follow from its stored inputs still, byte for byte?

    Raises quote_invalid where it is unknown or was altered.
    """
    await kept_quote(session, vault, organisation_id, quote_id)
    row = await repository.find_quote(session, quote_id)
    return row is not None and document.reproduced(row.document)


async def price_units(
    session: Session,
    unit_ids: Sequence[UUID],
    check_in: date,
    check_out: date,
    guests: int,
    *,
    now: datetime,
    taken: Taken = NONE_TAKEN,
) -> dict[UUID, UnitPrice]:
    """Each unit's price alone, in a number of statements that does not grow with the units.

    Units that do not exist are missing. Dates and guests are the caller's to check.
    """
    units = await properties.units_for_booking(session, unit_ids)
    return await price_these(session, units, check_in, check_out, guests, now=now, taken=taken)


async def price_these(
    session: Session,
    units: Sequence[BookableUnit],
    check_in: date,
    check_out: date,
    guests: int,
    *,
    now: datetime,
    taken: Taken = NONE_TAKEN,
) -> dict[UUID, UnitPrice]:
    """As `price_units`, for units that were read already: six statements."""
    terms = await repository.tariff(session, units, now=now)
    search = tariff.Search(terms, check_in, check_out, guests, taken)
    return {unit.unit_id: search.price(unit) for unit in units}


async def late_checkout(
    session: Session,
    unit_id: UUID,
    check_out: date,
    guests: int,
    *,
    now: datetime,
    taken: Taken = NONE_TAKEN,
) -> HourPrice:
    """What staying longer on the departure day costs; the night of that day is what is sold."""
    kind = HourKind.LATE_CHECK_OUT
    return await stretch(session, kind, unit_id, check_out, guests, now=now, taken=taken)


async def early_check_in(
    session: Session,
    unit_id: UUID,
    check_in: date,
    guests: int,
    *,
    now: datetime,
    taken: Taken = NONE_TAKEN,
) -> HourPrice:
    """What coming early on the arrival day costs; the night before it is what is sold."""
    kind = HourKind.EARLY_CHECK_IN
    return await stretch(session, kind, unit_id, check_in, guests, now=now, taken=taken)


async def stretch(
    session: Session,
    kind: HourKind,
    unit_id: UUID,
    day: date,
    guests: int,
    *,
    now: datetime,
    taken: Taken = NONE_TAKEN,
) -> HourPrice:
    """Either of the two.

    Raises nothing_on_sale, guests_not_positive, check_in_past, stay_too_long,
    exchange_rate_missing.
    """
    refuse_guests(guests)
    units = await _units(session, [unit_id])
    refuse_day(day, today=today_of(units[0], now))
    terms = await repository.tariff(session, units, now=now)
    return tariff.stretched(terms, units[0], kind, day, guests=guests, taken=taken)


async def refund_share(
    session: Session, organisation_id: UUID, property_id: UUID, *, days_before: int
) -> RefundShare:
    """How much goes back to whoever cancels so many days before arrival; nothing by no policy."""
    known = await repository.policies(session, organisation_id, property_id)
    return refunds.share_by(refunds.policy_for(known, days_before))


async def _units(session: Session, unit_ids: Sequence[UUID]) -> list[BookableUnit]:
    """The units by name. Raises nothing_on_sale, units_unclear."""
    if not unit_ids or len(set(unit_ids)) != len(unit_ids):
        raise UnitsUnclear
    units = await properties.units_for_booking(session, unit_ids)
    if len(units) != len(unit_ids) or not all(unit.active for unit in units):
        raise NothingOnSale
    if len({unit.property_id for unit in units}) != 1:
        raise UnitsUnclear
    return sorted(units, key=lambda unit: (natural(unit.name), unit.unit_id))


def today_of(unit: BookableUnit, now: datetime) -> date:
    """The date where the unit stands."""
    return now.astimezone(ZoneInfo(unit.time_zone)).date()


def _inputs(
    terms: Tariff, units: Sequence[BookableUnit], wish: Wish, *, now: datetime, today: date
) -> Inputs:
    first = units[0]
    settings, currency = tariff.settings_of(terms, first), tariff.currency_of(terms, first)
    rates = tariff.rates_of(terms, first)
    told = [tariff.terms_of(terms, unit) for unit in units]
    exchange = tariff.exchange_for(rates, currency, settings.second_currency)
    return Inputs(
        organisation_id=first.organisation_id,
        property_id=first.property_id,
        made_at=now,
        expires_at=now + timedelta(minutes=settings.quote_minutes),
        today=today,
        wish=wish,
        settings=settings,
        currency=currency,
        units=tuple(told),
        people=spread(told, wish.guests),
        seasons=tariff.seasons_of(terms, first),
        services=chosen(tariff.services_of(terms, first), wish.service_ids),
        rates=rates,
        decimals=exchange.decimals,
    )


def _that_mattered(
    units: Sequence[UnitTerms], wish: Wish, taken: Taken
) -> dict[UUID, frozenset[date]]:
    """Of the taken nights those of special dates near the stay: the rest decides nothing."""
    near = {
        unit.unit_id: taken.get(unit.unit_id, frozenset())
        & protected(unit.specials, wish.check_in, wish.check_out)
        for unit in units
    }
    return {unit_id: nights for unit_id, nights in near.items() if nights}


async def _has_heated_pool(session: Session, units: Sequence[BookableUnit]) -> bool:
    for house_id in sorted({unit.house_id for unit in units}):
        layout = await properties.house_layout(session, house_id)
        if any(thing.kind is ThingKind.POOL_HEATING for thing in layout.things):
            return True
    return False


async def _signed(session: Session, vault: Vault, inputs: Inputs, made: Quote) -> SignedQuote:
    quote_id, text = new_id(), document.written(inputs, made)
    mac = vault.fingerprint(text, context=_place(quote_id))
    await repository.add_quote(
        session,
        {
            "id": quote_id,
            "organisation_id": inputs.organisation_id,
            "property_id": inputs.property_id,
            "document": text,
            "mac": mac,
            "made_at": made.made_at,
            "expires_at": made.expires_at,
        },
    )
    token = document.token_of(quote_id, mac)
    return SignedQuote(quote_id, inputs.organisation_id, token, made)


def _opened(vault: Vault, row: QuoteRow) -> SignedQuote:
    mac = vault.fingerprint(row.document, context=_place(row.id))
    if not hmac.compare_digest(mac, bytes(row.mac)):
        raise QuoteInvalid
    token = document.token_of(row.id, mac)
    return SignedQuote(row.id, row.organisation_id, token, document.read(row.document).quote)


def _place(quote_id: UUID) -> str:
    return f"pricing quote {quote_id}"
