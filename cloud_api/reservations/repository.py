"""Which statements read bookings and change what they are?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select, text, update

from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.kit.paging import Column, Window, ordering
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.reservations.models import Occupancy, Reservation, ReservationUnit
from cloud_api.reservations.types import (
    LIVE,
    AgreedHours,
    Booking,
    Contact,
    Kind,
    Moments,
    Nights,
    Payment,
    Price,
    Status,
)

_UNIT_IDS: Final = func.array(
    select(ReservationUnit.unit_id)
    .where(ReservationUnit.reservation_id == Reservation.id)
    .order_by(ReservationUnit.unit_id)
    .scalar_subquery()
).label("unit_ids")

CONFIRM: Final = """
UPDATE reservations AS r
SET status = 'confirmed', confirmed_at = statement_timestamp(), expires_at = NULL,
    confirmed_by = :confirmed_by, payment_note = :payment_note,
    paid_minor = :paid_minor, paid_currency = :paid_currency, version = r.version + 1
WHERE r.id = :id AND r.organisation_id = :organisation_id AND r.kind = 'stay'
  AND r.status IN ('held', 'pending', 'under_review')
  AND (r.expires_at IS NULL OR r.expires_at > statement_timestamp())
RETURNING r.*, ARRAY(
    SELECT u.unit_id FROM reservation_units AS u WHERE u.reservation_id = r.id ORDER BY u.unit_id
) AS unit_ids
"""
_CONFIRM: Final = text(CONFIRM)

_STAMPS: Final = {
    Status.PENDING: Reservation.submitted_at,
    Status.CONFIRMED: Reservation.confirmed_at,
    Status.REJECTED: Reservation.rejected_at,
    Status.CANCELLED: Reservation.cancelled_at,
    Status.EXPIRED: Reservation.expired_at,
    Status.NO_SHOW: Reservation.no_show_at,
    Status.COMPLETED: Reservation.completed_at,
}

_SORTABLE: Final[Mapping[str, Column]] = {
    "check_in": Reservation.check_in,
    "check_out": Reservation.check_out,
    "created_at": Reservation.created_at,
    "code": Reservation.code,
    "status": Reservation.status,
    "contact_name": Reservation.contact_name,
    "guests": Reservation.guests,
}


_IS_DUE: Final = and_(
    Reservation.status.in_([status.value for status in sorted(LIVE)]),
    or_(Reservation.status == Status.CONFIRMED.value, Reservation.standing),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which bookings of a list: empty and None mean any. Dates touch the half-open span."""

    statuses: tuple[Status, ...] = ()
    kinds: tuple[Kind, ...] = ()
    unit_id: UUID | None = None
    house_id: UUID | None = None
    client_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    words: str | None = None


async def find(session: Session, scope: Scope, reservation_id: UUID) -> Booking | None:
    """The caller's booking, or None."""
    return await _one(session, scoped(_bookings(), Reservation, scope), reservation_id)


async def lock(session: Session, scope: Scope, reservation_id: UUID) -> Booking | None:
    """As `find`, and nobody else changes it until this transaction ends."""
    statement = scoped(_bookings(), Reservation, scope).with_for_update(of=Reservation)
    return await _one(session, statement, reservation_id)


async def find_any(session: Session, reservation_id: UUID) -> Booking | None:
    """A booking of any organisation, for reactions."""
    statement = across_tenants(_bookings(), because="reactions and jobs serve every organisation")
    return await _one(session, statement, reservation_id)


async def must_find(session: Session, reservation_id: UUID) -> Booking:
    """A booking the caller knows to exist; LookupError otherwise."""
    found = await find_any(session, reservation_id)
    if found is None:
        raise LookupError(reservation_id)
    return found


async def lock_any(session: Session, reservation_id: UUID) -> Booking | None:
    """A booking of any organisation, locked, for reactions."""
    statement = across_tenants(_bookings(), because="reactions and jobs serve every organisation")
    return await _one(session, statement.with_for_update(of=Reservation), reservation_id)


async def find_all(session: Session, ids: Sequence[UUID]) -> list[Booking]:
    """Bookings of any organisation, in the order of their ids, for events about them."""
    statement = across_tenants(_bookings(), because="expiry crosses organisations")
    found = await session.execute(statement.where(Reservation.id.in_(ids)).order_by(Reservation.id))
    return [_booking_of(row) for row in found.mappings()]


async def lock_by_code(session: Session, code: str) -> Booking | None:
    """The booking of this human code, locked; the caller proves knowing the contact."""
    statement = across_tenants(_bookings(), because="a guest has no organisation")
    found = await session.execute(
        statement.where(Reservation.code == code).with_for_update(of=Reservation)
    )
    row = found.mappings().one_or_none()
    return None if row is None else _booking_of(row)


async def find_by_code(session: Session, code: str) -> Booking | None:
    """As `lock_by_code`, to look at only."""
    statement = across_tenants(_bookings(), because="a guest has no organisation")
    found = await session.execute(statement.where(Reservation.code == code))
    row = found.mappings().one_or_none()
    return None if row is None else _booking_of(row)


async def confirm(
    session: Session,
    scope: Scope,
    reservation_id: UUID,
    *,
    payment: Payment | None,
    confirmed_by: UUID | None,
) -> Booking | None:
    """Confirm in one statement if it still may be; of several at once exactly one gets it."""
    amount = payment.amount if payment else None
    values = {
        "id": reservation_id,
        "organisation_id": scope.organisation_id,
        "confirmed_by": confirmed_by,
        "payment_note": payment.note if payment else None,
        "paid_minor": amount.minor if amount else None,
        "paid_currency": amount.currency if amount else None,
    }
    row = (await session.execute(_CONFIRM, values)).mappings().one_or_none()
    return None if row is None else _booking_of(row)


async def has_run_out(session: Session, reservation_id: UUID) -> bool:
    """Whether it is a hold whose time, by the database's clock, is over."""
    statement = select(Reservation.id).where(
        Reservation.id == reservation_id,
        Reservation.status == Status.HELD,
        Reservation.expires_at <= func.statement_timestamp(),
    )
    found = await session.scalar(across_tenants(statement, because="the id was read in scope"))
    return found is not None


async def change_status(
    session: Session, booking: Booking, target: Status, *, reason: str = ""
) -> None:
    """Give a locked booking its next status; leaving the live ones frees its nights."""
    values: dict[str, object] = {"status": target.value}
    stamp = _STAMPS.get(target)
    if stamp is not None:
        values[stamp.key] = func.statement_timestamp()
    if reason:
        values["reason"] = reason
    if target not in {Status.HELD, Status.EXPIRED}:
        values["expires_at"] = None
    await _update(session, booking.id, values)
    if target not in LIVE:
        await session.execute(
            update(Occupancy).where(Occupancy.reservation_id == booking.id).values(live=False)
        )


async def mark_checked_in(session: Session, booking: Booking) -> None:
    """The guests of this locked booking are in the house."""
    await _update(session, booking.id, {"checked_in_at": func.statement_timestamp()})


async def extend_hold(session: Session, booking: Booking, by: timedelta) -> None:
    """Let this locked hold run longer, once."""
    values = {"expires_at": Reservation.expires_at + by, "hold_extended": True}
    await _update(session, booking.id, values)


async def note_voucher(session: Session, booking: Booking, number: int) -> None:
    """So many vouchers were shown for this locked booking."""
    await _update(session, booking.id, {"vouchers": number})


async def set_price(session: Session, booking: Booking, price: Price) -> None:
    """What this locked booking costs from now on."""
    values: dict[str, object] = {
        "price_minor": price.amount.minor,
        "price_currency": price.amount.currency,
        "deposit_minor": price.deposit.minor,
        "quote_id": price.quote_id,
        "discount_code": price.discount_code,
        "points_redeemed": price.points_redeemed,
    }
    await _update(session, booking.id, values)


async def expiring(session: Session, *, within: timedelta, most: int) -> list[Booking]:
    """Holds that run out this soon and were not told of, locked and marked; skips those in use."""
    statement = (
        across_tenants(_bookings(), because="the clock serves every organisation")
        .where(
            Reservation.status == Status.HELD.value,
            Reservation.reminded_at.is_(None),
            Reservation.expires_at > func.statement_timestamp(),
            Reservation.expires_at <= func.statement_timestamp() + within,
        )
        .order_by(Reservation.expires_at)
        .limit(most)
        .with_for_update(of=Reservation, skip_locked=True)
    )
    due = [_booking_of(row) for row in (await session.execute(statement)).mappings()]
    await session.execute(
        across_tenants(
            update(Reservation).where(Reservation.id.in_([each.id for each in due])),
            because="the clock serves every organisation",
        ).values(reminded_at=func.statement_timestamp())
    )
    return due


async def set_client(session: Session, booking: Booking, client_id: UUID) -> None:
    """The person behind the contact is known now."""
    await session.execute(
        across_tenants(
            update(Reservation).where(Reservation.id == booking.id), because="the caller holds it"
        ).values(client_id=client_id)
    )


async def mark_visit_counted(session: Session, booking: Booking) -> None:
    """This stay is in its client's visits."""
    await session.execute(
        across_tenants(
            update(Reservation).where(Reservation.id == booking.id), because="the caller holds it"
        ).values(visit_counted=True)
    )


async def spaces_of(session: Session, reservation_id: UUID) -> tuple[UUID, ...]:
    """The spaces a booking occupies or did, in order."""
    statement = (
        select(Occupancy.space_id)
        .where(Occupancy.reservation_id == reservation_id)
        .order_by(Occupancy.space_id)
    )
    return tuple(await session.scalars(statement))


@dataclass(frozen=True, slots=True)
class Ending:
    """A live booking whose last night may be over."""

    reservation_id: UUID
    house_id: UUID
    check_out: date


async def ending(session: Session, *, latest: date, organisation_id: UUID | None) -> list[Ending]:
    """Live bookings that may have ended somewhere on earth; the house's own date decides.

    Unconfirmed ones only where they stand.
    """
    statement = across_tenants(
        select(Reservation.id, Reservation.house_id, Reservation.check_out),
        because="the clock serves every organisation",
    ).where(Reservation.check_out < latest, _IS_DUE)
    if organisation_id is not None:
        statement = statement.where(Reservation.organisation_id == organisation_id)
    found = await session.execute(statement.order_by(Reservation.check_out, Reservation.id))
    return [Ending(*row) for row in found]


async def lock_due(session: Session, ids: Sequence[UUID]) -> list[Booking]:
    """Those of these bookings that still can complete, locked; skips those in use."""
    statement = (
        across_tenants(_bookings(), because="the clock serves every organisation")
        .where(Reservation.id.in_(ids), _IS_DUE)
        .order_by(Reservation.id)
        .with_for_update(of=Reservation, skip_locked=True)
    )
    return [_booking_of(row) for row in (await session.execute(statement)).mappings()]


async def page(
    session: Session, scope: Scope, wanted: Filter, window: Window, *, sort: str | None
) -> tuple[list[Booking], int]:
    """One page of the caller's bookings, and how many there are."""
    statement = _filtered(scoped(_bookings(), Reservation, scope), wanted)
    total = await session.scalar(
        _filtered(scoped(select(func.count(Reservation.id)), Reservation, scope), wanted)
    )
    order = ordering(sort, _SORTABLE, default="-created_at", last=Reservation.id)
    found = await session.execute(
        statement.order_by(*order).limit(window.limit).offset(window.offset)
    )
    return [_booking_of(row) for row in found.mappings()], total or 0


def _bookings() -> Select[*tuple[object, ...]]:
    return select(*Reservation.__table__.c, _UNIT_IDS)


async def _one(
    session: Session, statement: Select[*tuple[object, ...]], reservation_id: UUID
) -> Booking | None:
    found = await session.execute(statement.where(Reservation.id == reservation_id))
    row = found.mappings().one_or_none()
    return None if row is None else _booking_of(row)


async def _update(session: Session, reservation_id: UUID, values: Mapping[str, object]) -> None:
    await session.execute(
        across_tenants(
            update(Reservation).where(Reservation.id == reservation_id),
            because="the caller holds it",
        )
        .values({**values, "version": Reservation.version + 1})
        .execution_options(synchronize_session=False)
    )


def _filtered[*Ts](statement: Select[*Ts], wanted: Filter) -> Select[*Ts]:
    return statement.where(*_conditions(wanted))


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.statuses:
        yield Reservation.status.in_([each.value for each in wanted.statuses])
    if wanted.kinds:
        yield Reservation.kind.in_([each.value for each in wanted.kinds])
    if wanted.unit_id is not None:
        yield _sells(wanted.unit_id)
    if wanted.house_id is not None:
        yield Reservation.house_id == wanted.house_id
    if wanted.client_id is not None:
        yield Reservation.client_id == wanted.client_id
    yield from _within(wanted)


def _within(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield Reservation.check_out > wanted.since
    if wanted.until is not None:
        yield Reservation.check_in < wanted.until
    if wanted.words:
        yield _mentions(wanted.words)


def _sells(unit_id: UUID) -> ColumnElement[bool]:
    return (
        select(ReservationUnit.unit_id)
        .where(ReservationUnit.reservation_id == Reservation.id, ReservationUnit.unit_id == unit_id)
        .exists()
    )


_LEAST_DIGITS = 4
_OF_A_NUMBER = frozenset("+0123456789 ()-./")


def _mentions(words: str) -> ColumnElement[bool]:
    columns = (
        Reservation.code,
        Reservation.contact_name,
        Reservation.contact_email,
        Reservation.contact_phone,
        Reservation.notes,
    )
    found = [column.icontains(words, autoescape=True) for column in columns]
    digits = "".join(each for each in words if each in "0123456789")
    if len(digits) >= _LEAST_DIGITS and set(words) <= _OF_A_NUMBER:
        # However the number was written, then and now.
        written = func.regexp_replace(Reservation.contact_phone, "[^0-9]", "", "g")
        found.append(written.contains(digits))
    return or_(*found)


def _booking_of(row: RowMapping) -> Booking:
    return Booking(
        id=row["id"],
        organisation_id=row["organisation_id"],
        property_id=row["property_id"],
        house_id=row["house_id"],
        unit_ids=tuple(row["unit_ids"]),
        code=row["code"],
        kind=Kind(row["kind"]),
        status=Status(row["status"]),
        nights=Nights(row["check_in"], row["check_out"]),
        guests=row["guests"],
        channel=row["channel"],
        contact=Contact(
            row["contact_name"], row["contact_email"], row["contact_phone"], row["language"]
        ),
        client_id=row["client_id"],
        standing=row["standing"],
        expires_at=row["expires_at"],
        hold_extended=row["hold_extended"],
        notes=row["notes"],
        reason=row["reason"],
        payment=_payment_of(row),
        confirmed_by=row["confirmed_by"],
        visit_counted=row["visit_counted"],
        moments=Moments(**{each.name: row[each.name] for each in fields(Moments)}),
        version=row["version"],
        price=_price_of(row),
        hours=AgreedHours(
            row["early_check_in"], row["late_check_out"], row["late_night"], row["early_night"]
        ),
        transfer=row["transfer"],
        vouchers=row["vouchers"],
    )


def _price_of(row: RowMapping) -> Price | None:
    if row["price_minor"] is None:
        return None
    currency = row["price_currency"]
    return Price(
        amount=Money(row["price_minor"], currency),
        deposit=Money(row["deposit_minor"], currency),
        quote_id=row["quote_id"],
        points_redeemed=row["points_redeemed"],
        discount_code=row["discount_code"],
    )


def _payment_of(row: RowMapping) -> Payment | None:
    if row["payment_note"] is None:
        return None
    if row["paid_minor"] is None:
        return Payment(row["payment_note"])
    return Payment(row["payment_note"], Money(row["paid_minor"], row["paid_currency"]))
