"""What does a stay cost, what did we promise somebody, and what goes back?

Whether a night is free is known to the rooms above: they tell it (`taken`).
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.vault import Vault
from cloud_api.pricing.discounts.types import ClientFacts
from cloud_api.pricing.types import (
    NONE_TAKEN,
    HourKind,
    HourPrice,
    RefundShare,
    SignedQuote,
    Taken,
    UnitPrice,
    Wish,
)


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
    raise NotImplementedError


def around(check_in: date, check_out: date) -> tuple[date, date]:
    """The half-open dates whose taken nights a price may ask for."""
    raise NotImplementedError


async def read_quote(session: Session, vault: Vault, token: str, *, now: datetime) -> SignedQuote:
    """A quote that was given, as it was. Raises quote_invalid (unknown or altered), quote_expired."""
    raise NotImplementedError


async def keep_quote(session: Session, quote_id: UUID) -> None:
    """Something was booked by this quote: keep it for good. Again is harmless."""
    raise NotImplementedError


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
    raise NotImplementedError


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
    return await stretch(
        session, HourKind.LATE_CHECK_OUT, unit_id, check_out, guests, now=now, taken=taken
    )


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
    return await stretch(
        session, HourKind.EARLY_CHECK_IN, unit_id, check_in, guests, now=now, taken=taken
    )


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
    """Either of the two. Raises not_found, guests_not_positive, exchange_rate_missing."""
    raise NotImplementedError


async def refund_share(
    session: Session, organisation_id: UUID, property_id: UUID, *, days_before: int
) -> RefundShare:
    """How much goes back to whoever cancels so many days before arrival."""
    raise NotImplementedError
