"""Which statements take nights, move them, and give back what has run out?

Two things hold everything together.

The parts of one statement share a snapshot, but an exclusion constraint looks at the rows as they
are. `taken` reads `freed`, so stale holds are gone before the first insert. `busy` refuses what is
plainly taken without inserting anything; whoever passes it at the same moment as another is judged
by the constraint, where ON CONFLICT waits for the other's commit and then skips the row.

Locks are taken in one order everywhere: houses (moves only), bookings by id, spaces by id. So no
two statements wait for one another.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.reservations.holds.types import Moving, Taken, Taking
from cloud_api.reservations.types import Nights, Price

_FREE_STALE: Final = """
stale AS MATERIALIZED (
    SELECT r.id FROM reservations AS r
    WHERE r.status = 'held' AND r.expires_at <= statement_timestamp()
      AND r.id IN (
        SELECT o.reservation_id FROM occupancies AS o
        WHERE o.live AND o.space_id = ANY (CAST(:space_ids AS uuid[]))
          AND o.nights && daterange(:check_in, :check_out))
    ORDER BY r.id
    FOR UPDATE
), expired AS (
    UPDATE reservations AS r
    SET status = 'expired', expired_at = statement_timestamp(), version = r.version + 1
    FROM stale WHERE r.id = stale.id
    RETURNING r.id
), freed AS (
    UPDATE occupancies AS o SET live = false
    FROM expired WHERE o.reservation_id = expired.id AND o.live
    RETURNING o.space_id
)"""

_BUSY: Final = """
busy AS (
    SELECT FROM occupancies AS o JOIN reservations AS r ON r.id = o.reservation_id
    WHERE o.live AND o.reservation_id <> :id
      AND o.space_id = ANY (CAST(:space_ids AS uuid[]))
      AND o.nights && daterange(:check_in, :check_out)
      AND (r.status <> 'held' OR r.expires_at IS NULL OR r.expires_at > statement_timestamp())
)"""

_TAKEN: Final = """
taken AS (
    INSERT INTO occupancies (reservation_id, space_id, nights, live)
    SELECT :id, wanted.space_id, daterange(:check_in, :check_out), true
    FROM unnest(CAST(:space_ids AS uuid[])) AS wanted (space_id)
    WHERE (SELECT count(*) FROM {before}) >= 0 AND NOT EXISTS (SELECT FROM busy)
    ORDER BY wanted.space_id
    ON CONFLICT DO NOTHING
    RETURNING space_id
)"""

TAKE: Final = f"""
WITH {_FREE_STALE}, {_BUSY}, {_TAKEN.format(before="freed")}, made AS (
    INSERT INTO reservations (
        id, organisation_id, property_id, house_id, code, kind, status, client_id,
        check_in, check_out, guests, channel, contact_name, contact_email, contact_phone,
        language, standing, notes, confirmed_by, price_minor, price_currency, deposit_minor,
        quote_id, discount_code, points_redeemed, transfer, created_at, confirmed_at, expires_at)
    SELECT
        :id, :organisation_id, :property_id, :house_id, :code, :kind, :status, :client_id,
        :check_in, :check_out, :guests, :channel, :contact_name, :contact_email, :contact_phone,
        :language, :standing, :notes, :confirmed_by, :price_minor, :price_currency, :deposit_minor,
        :quote_id, :discount_code, :points_redeemed, :transfer, statement_timestamp(),
        CASE WHEN CAST(:status AS text) = 'confirmed' THEN statement_timestamp() END,
        statement_timestamp() + CAST(:lifetime AS interval)
    WHERE EXISTS (SELECT FROM taken)
    RETURNING created_at, expires_at
), sold AS (
    INSERT INTO reservation_units (reservation_id, unit_id)
    SELECT :id, wanted.unit_id FROM unnest(CAST(:unit_ids AS uuid[])) AS wanted (unit_id)
    WHERE EXISTS (SELECT FROM taken)
)
SELECT made.created_at, made.expires_at,
    (SELECT count(*) FROM taken) AS taken, ARRAY(SELECT id FROM expired) AS expired
FROM made
"""  # noqa: S608 - built from constants of this module

_MOVE: Final = f"""
WITH {_FREE_STALE}, gone AS (
    DELETE FROM occupancies WHERE reservation_id = :id RETURNING space_id
), given_back AS (
    SELECT space_id FROM freed UNION ALL SELECT space_id FROM gone
), {_BUSY}, {_TAKEN.format(before="given_back")}, unsold AS (
    DELETE FROM reservation_units
    WHERE reservation_id = :id AND unit_id <> ALL (CAST(:unit_ids AS uuid[]))
), sold AS (
    INSERT INTO reservation_units (reservation_id, unit_id)
    SELECT :id, wanted.unit_id FROM unnest(CAST(:unit_ids AS uuid[])) AS wanted (unit_id)
    ON CONFLICT DO NOTHING
), moved AS (
    UPDATE reservations SET check_in = :arrives, check_out = :leaves, guests = :guests,
        property_id = :property_id, house_id = :house_id, early_check_in = :early_check_in,
        late_check_out = :late_check_out, late_night = :late_night,
        early_night = :early_night, version = version + 1
    WHERE id = :id
)
SELECT (SELECT count(*) FROM taken) AS taken, ARRAY(SELECT id FROM expired) AS expired
"""  # noqa: S608 - built from constants of this module

_REVIVE: Final = f"""
WITH {_FREE_STALE}, gone AS (
    DELETE FROM occupancies WHERE reservation_id = :id RETURNING space_id
), given_back AS (
    SELECT space_id FROM freed UNION ALL SELECT space_id FROM gone
), {_BUSY}, {_TAKEN.format(before="given_back")}, revived AS (
    UPDATE reservations SET status = 'confirmed', confirmed_at = statement_timestamp(),
        expires_at = NULL, late_night = false, late_check_out = NULL,
        early_night = false, early_check_in = NULL, version = version + 1
    WHERE id = :id AND status IN ('expired', 'cancelled') AND EXISTS (SELECT FROM taken)
)
SELECT (SELECT count(*) FROM taken) AS taken, ARRAY(SELECT id FROM expired) AS expired
"""  # noqa: S608 - built from constants of this module

_LOCK_HOUSE: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(CAST(:house_id AS text), 6))"
)

_EXPIRE_BATCH: Final = text("""
WITH stale AS MATERIALIZED (
    SELECT id FROM reservations
    WHERE status = 'held' AND expires_at <= statement_timestamp()
      AND organisation_id = COALESCE(CAST(:organisation_id AS uuid), organisation_id)
    ORDER BY expires_at LIMIT :batch
    FOR UPDATE SKIP LOCKED
), expired AS (
    UPDATE reservations AS r
    SET status = 'expired', expired_at = statement_timestamp(), version = r.version + 1
    FROM stale WHERE r.id = stale.id
    RETURNING r.id
), freed AS (
    UPDATE occupancies AS o SET live = false
    FROM expired WHERE o.reservation_id = expired.id AND o.live
)
SELECT id FROM expired
""")

_SET_FREE: Final = text(
    "UPDATE occupancies SET live = false WHERE reservation_id = ANY (CAST(:ids AS uuid[]))"
)

_TAKE: Final = text(TAKE)
_MOVE_TEXT: Final = text(_MOVE)


async def take(session: Session, taking: Taking) -> Taken | None:
    """Take the nights of every space, or answer None: then the caller must not commit."""
    row = (await session.execute(_TAKE, _values_of(taking))).one_or_none()
    if row is None or row.taken != len(taking.space_ids):
        return None
    return Taken(created_at=row.created_at, expires_at=row.expires_at, expired=tuple(row.expired))


async def move(session: Session, moving: Moving) -> tuple[UUID, ...] | None:
    """Give the old nights back and take the new ones; the holds that expired, or None as `take`.

    The caller holds the booking's row lock and the houses' locks.
    """
    values = {
        **_dates(moving.hours.occupied(moving.nights)),
        "arrives": moving.nights.check_in,
        "early_night": moving.hours.early_night,
        "leaves": moving.nights.check_out,
        "early_check_in": moving.hours.early_check_in,
        "late_check_out": moving.hours.late_check_out,
        "late_night": moving.hours.late_night,
        "id": moving.reservation_id,
        "property_id": moving.property_id,
        "house_id": moving.house_id,
        "guests": moving.guests,
        "unit_ids": moving.unit_ids,
        "space_ids": moving.space_ids,
    }
    row = (await session.execute(_MOVE_TEXT, values)).one()
    return tuple(row.expired) if row.taken == len(moving.space_ids) else None


async def revive(
    session: Session, reservation_id: UUID, nights: Nights, space_ids: Sequence[UUID]
) -> tuple[UUID, ...] | None:
    """Confirm an ended booking if all its nights are free still, or change nothing: None.

    The caller holds the booking's row lock. Answers the stale holds that made room.
    """
    values = {"id": reservation_id, "space_ids": space_ids, **_dates(nights)}
    await session.execute(text("SAVEPOINT revive"))
    row = (await session.execute(text(_REVIVE), values)).one()
    if row.taken != len(space_ids):
        await session.execute(text("ROLLBACK TO SAVEPOINT revive"))
        return None
    await session.execute(text("RELEASE SAVEPOINT revive"))
    return tuple(row.expired)


async def set_free(session: Session, ids: Sequence[UUID]) -> None:
    """Give back the nights of these locked bookings, which the caller moves in this transaction."""
    await session.execute(_SET_FREE, {"ids": ids})


async def lock_houses(session: Session, house_ids: Sequence[UUID]) -> None:
    """Let one move at a time pass through each of these houses, until the transaction ends."""
    for house_id in sorted(set(house_ids)):
        await session.execute(_LOCK_HOUSE, {"house_id": str(house_id)})


async def expire_batch(
    session: Session, *, batch: int, organisation_id: UUID | None
) -> tuple[UUID, ...]:
    """Expire up to `batch` holds that ran out, oldest first; never waits for a busy one."""
    statement = across_tenants(_EXPIRE_BATCH, because="the clock serves every organisation")
    values = {"batch": batch, "organisation_id": organisation_id}
    return tuple((await session.execute(statement, values)).scalars())


def _values_of(taking: Taking) -> Mapping[str, object]:
    return {
        **_dates(taking.nights),
        "id": taking.reservation_id,
        "organisation_id": taking.organisation_id,
        "property_id": taking.property_id,
        "house_id": taking.house_id,
        "code": taking.code,
        "kind": taking.kind.value,
        "status": taking.status.value,
        "client_id": taking.client_id,
        "guests": taking.guests,
        "channel": taking.channel,
        "contact_name": taking.contact.name,
        "contact_email": taking.contact.email,
        "contact_phone": taking.contact.phone,
        "language": taking.contact.language,
        "standing": taking.standing,
        "notes": taking.notes,
        "confirmed_by": taking.confirmed_by,
        "lifetime": taking.lifetime,
        "unit_ids": taking.unit_ids,
        "space_ids": taking.space_ids,
        "transfer": taking.transfer,
        **_price(taking.price),
    }


def _price(price: Price | None) -> dict[str, object]:
    return {
        "price_minor": price and price.amount.minor,
        "price_currency": price and price.amount.currency,
        "deposit_minor": price and price.deposit.minor,
        "quote_id": price and price.quote_id,
        "discount_code": price and price.discount_code,
        "points_redeemed": price.points_redeemed if price else 0,
    }


def _dates(nights: Nights) -> dict[str, object]:
    return {"check_in": nights.check_in, "check_out": nights.check_out}
