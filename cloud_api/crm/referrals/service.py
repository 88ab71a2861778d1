"""Who brought whom, and who brought most in a month? Names for strangers are "First L."."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from cloud_api.clients import service as clients
from cloud_api.crm.loyalty import service as loyalty
from cloud_api.crm.referrals import repository, rules
from cloud_api.crm.referrals.types import Brought, Month, Order, Placed, Scoped
from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.pricing.exchange import service as exchange
from cloud_api.reservations.tally import service as tally
from cloud_api.reservations.tally.service import Since, Sum, Tally


async def rank(
    session: Session, organisation_id: UUID, month: Month, *, now: datetime, force: bool = False
) -> int | None:
    """Rank a month: how many stand in it; None where it was ranked before and nobody insists.

    Counted are approved stays booked in the month by people somebody referred; revenue is in the
    currency of points, by today's rates (stays without a known rate count without revenue).
    """
    terms = await loyalty.settings(session, organisation_id)
    currency = None if terms.point is None else terms.point.currency
    if not await repository.claim(session, organisation_id, month, currency, force=force):
        return None
    links = await loyalty.referred(
        session, organisation_id, set(await loyalty.referrers(session, organisation_id))
    )
    brought_by = {referred: referrer for referrer, referred, _ in links}
    people = [Since(each, month.begins) for each in brought_by]
    sums = await tally.made(session, organisation_id, people, month.ends)
    points = await repository.points_in(session, organisation_id, set(brought_by.values()), month)
    stays: defaultdict[UUID, int] = defaultdict(int)
    revenue: defaultdict[UUID, int] = defaultdict(int)
    for each in sums:
        stays[brought_by[each.client_id]] += each.stays
        revenue[brought_by[each.client_id]] += await _minor(
            session, organisation_id, each, currency, now=now
        )
    fresh = [referrer for referrer, _, at in links if month.begins <= at < month.ends]
    places = rules.placed(
        Placed(each, 0, stays[each], revenue[each], fresh.count(each), points.get(each, 0))
        for each in stays
    )
    await repository.write(session, organisation_id, month, places)
    return len(places)


async def statistics(
    session: Session, organisation_id: UUID, scope: Scoped, order: Order
) -> list[Brought]:
    """Every referrer of the scope, the most first."""
    everybody = set(await loyalty.referrers(session, organisation_id))
    brought: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for referrer, referred, _ in await loyalty.referred(session, organisation_id, everybody):
        brought[referrer].append(referred)
    ids = sorted({each for some in brought.values() for each in some})
    counted = await tally.tallies(session, organisation_id, ids)
    found = [_brought(referrer, some, counted) for referrer, some in brought.items()]
    return rules.shown(found, scope, order)


async def brought_by(
    session: Session, organisation_id: UUID, client_id: UUID
) -> list[tuple[UUID, datetime, Tally]]:
    """Whom somebody referred, when, and how often they stayed; the earliest first."""
    links = await loyalty.referred(session, organisation_id, {client_id})
    counted = await tally.tallies(session, organisation_id, [one for _, one, _ in links])
    ordered = sorted(links, key=lambda each: (each[2], str(each[1])))
    return [(one, at, counted.get(one, Tally())) for _, one, at in ordered]


async def names(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID]
) -> dict[UUID, str]:
    """What these people are called, in full."""
    return await clients.names_of(session, organisation_id, client_ids)


def _brought(referrer: UUID, some: list[UUID], counted: dict[UUID, Tally]) -> Brought:
    stays = [counted[each].approved if each in counted else 0 for each in some]
    return Brought(referrer, len(some), sum(each > 0 for each in stays), sum(stays))


async def _minor(
    session: Session, organisation_id: UUID, each: Sum, currency: str | None, *, now: datetime
) -> int:
    if currency is None or each.currency is None:
        return 0
    money = Money(each.minor, each.currency)
    found = await exchange.convert(session, organisation_id, money, currency, now=now)
    return 0 if found is None else found.minor
