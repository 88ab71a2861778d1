"""What is an amount worth in another currency, by the organisation's own rates?"""

from datetime import datetime
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.money import Currency, Money
from cloud_api.pricing import repository
from cloud_api.pricing.errors import ExchangeRateMissing
from cloud_api.pricing.rules.tariff import exchange_for


async def convert(
    session: Session, organisation_id: UUID, money: Money, currency: Currency, *, now: datetime
) -> Money | None:
    """The amount by the rates of this instant (half to even); None where none is known."""
    if money.currency == currency:
        return money
    rates = await repository.rates_at(session, organisation_id, now=now)
    exchange = exchange_for(rates, money.currency, currency)
    try:
        return Money(exchange.minor(money, currency), currency)
    except ExchangeRateMissing:
        return None
