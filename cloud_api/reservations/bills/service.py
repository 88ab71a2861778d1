"""How does a quote become a booking's price, and what becomes of its money at the end?"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.payments import service as payments
from cloud_api.payments.types import ChargeLine, Folio, Opening
from cloud_api.pricing import service as pricing
from cloud_api.pricing.discounts import service as discounts
from cloud_api.pricing.discounts.types import DiscountKind
from cloud_api.pricing.types import Quote, SignedQuote
from cloud_api.pricing.types import Wish as PriceWish
from cloud_api.properties import service as properties
from cloud_api.reservations import repository as bookings
from cloud_api.reservations.bills.errors import QuoteMismatchError, UnpricedError
from cloud_api.reservations.bills.rules import enough, mismatches, refund_of
from cloud_api.reservations.holds import service as holds
from cloud_api.reservations.points import service as points
from cloud_api.reservations.types import LIVE, Booking, Nights, Price, Status

_BY = "reservations"


@dataclass(frozen=True, slots=True)
class Agreed:
    """A quote that fits, and the price it gives a booking."""

    signed: SignedQuote = field(repr=False)
    price: Price


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What a booking costs and would cost; `token` names the quote that says so."""

    before: Money
    after: Money
    token: str = field(repr=False)

    @property
    def difference(self) -> Money:
        """Positive: to pay; negative: to give back. ValueError across currencies."""
        return self.after + self.before * -1


async def agree(
    session: Session,
    tools: Tools,
    token: str,
    *,
    unit_ids: Collection[UUID],
    nights: Nights,
    guests: int,
) -> Agreed:
    """Read a quote for this very booking. Raises quote_invalid, quote_expired, quote_mismatch."""
    signed = await pricing.read_quote(session, tools.vault, token, now=tools.clock.utc_now())
    quote = signed.quote
    differing = mismatches(quote, unit_ids, nights, guests)
    if differing:
        raise QuoteMismatchError(differing)
    applied = quote.discounting.applied
    by_code = applied is not None and applied.kind is DiscountKind.CODE
    price = Price(
        amount=quote.total,
        deposit=quote.deposit,
        quote_id=signed.id,
        discount_code=applied.name if applied is not None and by_code else None,
    )
    return Agreed(signed, price)


async def open_bill(session: Session, booking: Booking, agreed: Agreed) -> Folio:
    """Open the booking's folio and write what the quote says; its discount code is used once.

    Raises what `discounts.redeem` raises: then nothing may be committed.
    """
    quote = agreed.signed.quote
    await pricing.keep_quote(session, booking.organisation_id, agreed.signed.id)
    folio = await payments.open_folio(
        session,
        Opening(
            organisation_id=booking.organisation_id,
            property_id=booking.property_id,
            subject_id=booking.id,
            currency=quote.currency,
            title=booking.code,
            client_id=booking.client_id,
            payer_name=booking.contact.name,
            payer_email=booking.contact.email,
            language=booking.contact.language,
            deposit=quote.deposit if quote.deposit.minor else None,
        ),
    )
    folio = await payments.charge(session, folio, _lines(agreed.signed))
    await _use_code(session, booking, quote)
    return folio


async def price_change(
    session: Session, tools: Tools, booking: Booking, wish: PriceWish
) -> PriceChange:
    """What the booking would cost like that. Changes nothing. Raises unpriced and pricing's own."""
    if booking.price is None:
        raise UnpricedError
    signed = await pricing.quote(session, tools.vault, wish, now=tools.clock.utc_now())
    if signed.quote.currency != booking.price.amount.currency:
        raise UnpricedError("the property has changed its currency since")
    return PriceChange(booking.price.amount, signed.quote.total, signed.token)


async def reprice(session: Session, tools: Tools, booking: Booking, token: str) -> Booking:
    """The moved booking costs what this quote says; the difference is a new charge line.

    Raises unpriced, as `agree`, and as `open_bill` where its code is used up.
    """
    if booking.price is None:
        raise UnpricedError
    agreed = await agree(
        session,
        tools,
        token,
        unit_ids=booking.unit_ids,
        nights=booking.nights,
        guests=booking.guests,
    )
    folio = await payments.folio(session, booking.id)
    if folio is None or folio.currency != agreed.price.amount.currency:
        raise UnpricedError
    difference = agreed.price.amount + booking.price.amount * -1
    await pricing.keep_quote(session, booking.organisation_id, agreed.signed.id)
    if difference.minor:
        key = f"change:{agreed.signed.id}"
        line = ChargeLine(key=key, what="change", label="Change of stay", amount=difference)
        folio = await payments.charge(session, folio, [line])
    deposit = agreed.price.deposit
    await payments.set_deposit(session, folio, deposit if deposit.minor else None)
    redeemed = booking.price.points_redeemed
    await bookings.set_price(session, booking, replace(agreed.price, points_redeemed=redeemed))
    # The old quote's code is free again; the new quote may have another, the same, or none.
    await discounts.give_back(session, booking.id)
    await _use_code(session, booking, agreed.signed.quote)
    return await bookings.must_find(session, booking.id)


async def settle_ended(session: Session, tools: Tools, reservation_id: UUID) -> None:
    """An ended booking's charges are taken back but the cancellation's fee; the rest is refunded.

    Who was refused, or whose hold ran out, gets all of it. Again is harmless; where a refund cannot
    be begun it raises, so that the event waits for a person.
    """
    booking = await bookings.find_any(session, reservation_id)
    folio = await payments.folio(session, reservation_id)
    if booking is None or booking.status in LIVE or folio is None or folio.closed_at is not None:
        return
    await discounts.give_back(session, booking.id)
    paid = folio.money(folio.balance.paid.minor - folio.balance.refunded.minor)
    back = await _back(session, booking, paid)
    fee = folio.money(paid.minor - back.minor)
    folio = await payments.cancel_charges(session, folio, because=booking.status.value)
    if fee.minor > 0:
        key = f"fee:{booking.version}"
        line = ChargeLine(key=key, what="cancellation_fee", label="Cancellation", amount=fee)
        folio = await payments.charge(session, folio, [line])
    if back.minor > 0:
        await payments.give_back(
            session, folio, back, reason=booking.status.value, tools=tools, by=_BY
        )
    await payments.close_folio(session, folio, because=booking.status.value)


async def _use_code(session: Session, booking: Booking, quote: Quote) -> None:
    """Last in a transaction: a limited code's row stays locked until it ends."""
    applied = quote.discounting.applied
    if applied is not None and applied.kind is DiscountKind.CODE:
        await discounts.redeem(session, applied.discount_id, booking.id)


async def is_paid_enough(session: Session, booking: Booking, late: Money | None) -> bool:
    """Whether what came makes the booking certain, by its property's rule.

    Once the folio was closed only `late` money counts: what came before was settled then.
    """
    folio = await payments.folio(session, booking.id)
    if folio is None or booking.price is None:
        return False
    place = await holds.place_for(session, booking.unit_ids, scope=None, sold_already=True)
    if folio.closed_at is not None:
        return enough(booking.price, late or folio.money(0), place.confirms_on)
    paid = folio.money(folio.balance.paid.minor - folio.balance.refunded.minor)
    off = await points.worth_of(session, booking, folio)
    return enough(booking.price, paid, place.confirms_on, taken_off=off)


async def reopen(session: Session, booking: Booking) -> None:
    """A booking that lives again owes its price again."""
    folio = await payments.folio(session, booking.id)
    if folio is None or booking.price is None:
        return
    folio = await payments.reopen_folio(session, folio)
    off = await points.worth_of(session, booking, folio)
    owed = folio.money(booking.price.amount.minor - off - folio.balance.charged.minor)
    if owed.minor:
        key = f"again:{booking.version}"
        line = ChargeLine(key=key, what="stay", label=booking.code, amount=owed)
        await payments.charge(session, folio, [line])


async def _back(session: Session, booking: Booking, paid: Money) -> Money:
    if booking.status is not Status.CANCELLED:
        return paid
    zones = await properties.time_zones(session, [booking.house_id])
    share = await pricing.refund_share(
        session,
        booking.organisation_id,
        booking.property_id,
        days_before=_days_before(booking, zones[booking.house_id]),
    )
    return refund_of(paid, share.percent)


def _days_before(booking: Booking, zone: str) -> int:
    ended = booking.moments.cancelled_at or booking.moments.created_at
    return max((booking.nights.check_in - ended.astimezone(ZoneInfo(zone)).date()).days, 0)


def _lines(signed: SignedQuote) -> list[ChargeLine]:
    currency = signed.quote.currency
    return [
        ChargeLine(
            key=f"{signed.id}:{number}",
            what=line.kind.value,
            label=line.name,
            amount=Money(line.amount, currency),
        )
        for number, line in enumerate(signed.quote.lines)
        if line.amount
    ]
