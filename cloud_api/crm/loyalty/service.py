"""How are points earned, redeemed, given back, adjusted and ended, and who referred whom?

Whoever moves points holds the member's row lock. Locks are taken as booking, folio, member.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from cloud_api.clients import service as clients
from cloud_api.crm.loyalty import repository, rules
from cloud_api.crm.loyalty.errors import (
    CodeOwn,
    CodeUnknown,
    OtherGuests,
    PointsNoRate,
    PointsOff,
    PointsShort,
    PointsTooFew,
    ReferredAlready,
)
from cloud_api.crm.loyalty.events import (
    PointsEarned,
    PointsRedeemed,
    PointsRefunded,
    ReferrerKnown,
)
from cloud_api.crm.loyalty.types import EntryKind, Member, Movement, Redeemed, Settings
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.events import publish
from cloud_api.kit.ids import Choose, new_id
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import Scope
from cloud_api.pricing.exchange import service as exchange
from cloud_api.reservations import service as reservations
from cloud_api.reservations.points import service as booking_points

_EXPIRE_BATCH = 500


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay that has ended, as its event tells it."""

    reservation_id: UUID
    organisation_id: UUID
    client_id: UUID
    kind: str
    channel: str
    price: Money | None
    check_out: date


async def settings(session: Session, organisation_id: UUID) -> Settings:
    """The organisation's rules."""
    return await repository.settings(session, organisation_id)


async def member(
    session: Session, organisation_id: UUID, client_id: UUID, *, choose: Choose = secrets.choice
) -> Member:
    """The client as a member, made with a referral code when not one yet. Raises NotFound."""
    found = await repository.find(session, organisation_id, client_id)
    if found is not None:
        return found
    person = await clients.get_client(session, client_id)
    if person.organisation_id != organisation_id:
        raise NotFound
    for code in rules.codes(person.name, choose):
        await repository.join(session, organisation_id, client_id, code)
        found = await repository.find(session, organisation_id, client_id)
        if found is not None:
            return found
    raise RuntimeError("codes by chance never end")


async def find(session: Session, organisation_id: UUID, client_id: UUID) -> Member | None:
    """The member, if they are one."""
    return await repository.find(session, organisation_id, client_id)


async def by_code(session: Session, organisation_id: UUID, code: str) -> Member | None:
    """Whose referral code this is, however it was typed."""
    return await repository.by_code(session, organisation_id, rules.plain_code(code))


async def earn(session: Session, stay: Stay, *, now: datetime) -> None:
    """Points for a stay that has ended, and for who referred its guest; twice is once.

    Per cent of what it cost after redeemed points, in the points' currency; nothing where points
    are not in use or the currencies cannot be compared.
    """
    terms = await repository.settings(session, stay.organisation_id)
    effective = await _effective(session, stay, terms, now=now)
    if effective is None or terms.point is None:
        return
    guest = await member(session, stay.organisation_id, stay.client_id)
    own = rules.points_for(effective, terms.earn_percent, terms.point)
    await _credit(session, stay, terms, guest, kind=EntryKind.EARNED, points=own, now=now)
    if guest.referred_by is None:
        return
    referrer = await member(session, stay.organisation_id, guest.referred_by)
    share = rules.points_for(effective, terms.referral_percent, terms.point)
    await _credit(session, stay, terms, referrer, kind=EntryKind.REFERRAL, points=share, now=now)


async def redeem(
    session: Session,
    scope: Scope,
    client_id: UUID,
    reservation_id: UUID,
    points: int,
    *,
    now: datetime,
) -> Redeemed:
    """Take so many points off a booking's price, once a booking, all in one transaction.

    Raises not_found, points_not_in_use, points_short, points_without_rate, points_worth_nothing,
    points_not_for_this and reservation_of_another.
    """
    terms = await repository.settings(session, scope.organisation_id)
    if terms.point is None:
        raise PointsOff
    worth = await _worth(session, scope, reservation_id, points, terms.point, now=now)
    booking = await booking_points.take_off(session, scope, reservation_id, points, worth)
    if booking.client_id != client_id:
        raise OtherGuests
    owner = await member(session, scope.organisation_id, client_id)
    entry_id = new_id()
    movement = Movement(
        kind=EntryKind.REDEEMED,
        points=-points,
        key=f"redeemed:{entry_id}",
        reservation_id=reservation_id,
        worth=worth,
        by=scope.principal,
    )
    balance = await move(session, owner, movement, now=now)
    event = PointsRedeemed(
        organisation_id=scope.organisation_id,
        client_id=client_id,
        points=-points,
        balance=balance,
        reservation_id=reservation_id,
    )
    await publish(session, event, organisation_id=scope.organisation_id)
    return Redeemed(entry_id, client_id, points, worth)


async def refund(
    session: Session, organisation_id: UUID, reservation_id: UUID, *, now: datetime
) -> None:
    """Give back what was redeemed for a booking that is no more; twice is once."""
    if not await booking_points.let_go(session, reservation_id):
        return
    terms = await repository.settings(session, organisation_id)
    for each in await repository.redeemed(session, organisation_id, reservation_id):
        owner = await member(session, organisation_id, each.client_id)
        movement = Movement(
            kind=EntryKind.REFUNDED,
            points=each.points,
            key=f"refunded:{each.entry_id}",
            expires_on=rules.renewed(owner.expires_on, now.date(), terms),
            reservation_id=reservation_id,
        )
        if await repository.known(session, organisation_id, movement.key):
            continue
        balance = await move(session, owner, movement, now=now)
        event = PointsRefunded(
            organisation_id=organisation_id,
            client_id=each.client_id,
            points=each.points,
            balance=balance,
            reservation_id=reservation_id,
        )
        await publish(session, event, organisation_id=organisation_id)


async def adjust(
    session: Session,
    scope: Scope,
    client_id: UUID,
    points: int,
    *,
    reason: str,
    by_name: str,
    now: datetime,
) -> int:
    """Staff give or take points; the new balance. More points begin a new period.

    Raises not_found, and points_short below what is available.
    """
    terms = await repository.settings(session, scope.organisation_id)
    owner = await member(session, scope.organisation_id, client_id)
    ends = rules.later(None, now.date(), terms) if points > 0 else None
    movement = Movement(
        kind=EntryKind.ADJUSTED,
        points=points,
        key=f"adjusted:{new_id()}",
        expires_on=ends,
        reason=reason,
        by=scope.principal,
        by_name=by_name,
    )
    return await move(session, owner, movement, now=now)


async def move(session: Session, owner: Member, movement: Movement, *, now: datetime) -> int:
    """Write one movement under the member's lock; the new balance, or the old if it was known.

    Points whose day has passed end first. Raises points_short below zero.
    """
    (locked,) = await repository.lock(session, owner.organisation_id, [owner.client_id])
    if await repository.known(session, owner.organisation_id, movement.key):
        return locked.balance
    today = now.date()
    if not rules.fits(locked, movement, today=today):
        raise PointsShort(locked.available(today))
    if locked.expired(today) and locked.balance:
        await repository.write(session, locked, _end_of(locked))
    return await repository.write(session, locked, movement)


async def expire(session: Session, *, now: datetime) -> list[UUID]:
    """End the points of members whose day has come, of every tenant; whose they were."""
    return await repository.expire(session, today=now.date(), most=_EXPIRE_BATCH)


async def refer(
    session: Session, organisation_id: UUID, client_id: UUID, code: str, *, now: datetime
) -> Member:
    """Say by whose code a client came: once, for good. The member as they are then.

    Raises not_found, referral_code_unknown, referral_in_a_circle and referred_already.
    """
    newcomer = await member(session, organisation_id, client_id)
    referrer = await by_code(session, organisation_id, code)
    if referrer is None:
        raise CodeUnknown
    # Both rows, in one order: two people who name each other at once do not both succeed.
    await repository.lock(session, organisation_id, [client_id, referrer.client_id])
    if newcomer.referred_by is not None:
        raise ReferredAlready
    if client_id in await repository.ancestors(session, organisation_id, referrer.client_id):
        raise CodeOwn
    if not await repository.refer(session, organisation_id, client_id, referrer.client_id, at=now):
        raise ReferredAlready
    event = ReferrerKnown(
        organisation_id=organisation_id, client_id=client_id, referrer_id=referrer.client_id
    )
    await publish(session, event, organisation_id=organisation_id)
    return await member(session, organisation_id, client_id)


async def lock(session: Session, organisation_id: UUID, client_ids: set[UUID]) -> list[Member]:
    """These members, kept from others until the transaction ends."""
    return await repository.lock(session, organisation_id, client_ids)


async def referred(
    session: Session, organisation_id: UUID, referrer_ids: set[UUID]
) -> list[tuple[UUID, UUID, datetime]]:
    """Who was referred by whom and when: referrer, referred, instant."""
    return await repository.referred(session, organisation_id, referrer_ids)


async def referrers(session: Session, organisation_id: UUID) -> list[UUID]:
    """Everybody who referred somebody."""
    return await repository.referrers(session, organisation_id)


async def members(session: Session, organisation_id: UUID) -> list[UUID]:
    """Every member of an organisation."""
    return await repository.members(session, organisation_id)


async def organisations(session: Session) -> list[UUID]:
    """Every organisation with somebody who was referred."""
    return await repository.organisations(session)


async def _effective(
    session: Session, stay: Stay, terms: Settings, *, now: datetime
) -> Money | None:
    """What the stay cost after redeemed points, in the points' currency."""
    if terms.point is None or stay.price is None:
        return None
    if not rules.earns(stay.kind, stay.channel, stay.price, terms.without_points):
        return None
    left = stay.price.minor
    for each in await repository.redeemed(session, stay.organisation_id, stay.reservation_id):
        left -= each.worth.minor
    price = Money(max(left, 0), stay.price.currency)
    return await exchange.convert(
        session, stay.organisation_id, price, terms.point.currency, now=now
    )


async def _credit(
    session: Session,
    stay: Stay,
    terms: Settings,
    owner: Member,
    *,
    kind: EntryKind,
    points: int,
    now: datetime,
) -> None:
    key = f"{kind}:{stay.reservation_id}"
    if points <= 0 or await repository.known(session, stay.organisation_id, key):
        return
    referred = stay.client_id if kind is EntryKind.REFERRAL else None
    known = None if owner.expired(now.date()) else owner.expires_on
    movement = Movement(
        kind=kind,
        points=points,
        key=key,
        expires_on=rules.later(known, stay.check_out, terms),
        reservation_id=stay.reservation_id,
        referred_client_id=referred,
    )
    balance = await move(session, owner, movement, now=now)
    event = PointsEarned(
        organisation_id=stay.organisation_id,
        client_id=owner.client_id,
        points=points,
        balance=balance,
        reservation_id=stay.reservation_id,
        referred_client_id=referred,
    )
    await publish(session, event, organisation_id=stay.organisation_id)


async def _worth(
    session: Session,
    scope: Scope,
    reservation_id: UUID,
    points: int,
    point: Money,
    *,
    now: datetime,
) -> Money:
    """What the points are worth in the booking's currency; as they are where it has no price."""
    booking = await reservations.get(session, scope, reservation_id)
    worth = rules.worth_of(points, point)
    if booking.price is None:
        return worth
    found = await exchange.convert(
        session, scope.organisation_id, worth, booking.price.amount.currency, now=now
    )
    if found is None:
        raise PointsNoRate
    if found.minor <= 0:
        raise PointsTooFew
    return found


def _end_of(owner: Member) -> Movement:
    return Movement(
        kind=EntryKind.EXPIRED,
        points=-owner.balance,
        key=f"expired:{owner.client_id}:{new_id()}",
    )
