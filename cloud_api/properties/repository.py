"""How are houses and their parts read and written?"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.exc import IntegrityError

from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.properties.errors import NameTaken
from cloud_api.properties.models import Place, PropertyRow, UnitRow, UnitSpaceRow
from cloud_api.properties.types import (
    BookableUnit,
    ConfirmsOn,
    GuestsMay,
    HouseLayout,
    HousePlace,
    LockPlace,
    PlayerPlace,
    ThingPlace,
)
from protocol.home import ThingKind

# One round trip whatever the number of units: bookings stand in line behind it.
_BOOKABLE = """
SELECT u.id AS unit_id, u.name, u.house_id, h.property_id, u.organisation_id, u.capacity,
       u.base_price_minor, u.base_price_currency, h.zone, h.check_in_from, h.check_out_until,
       p.hold_minutes, p.may_stand_unconfirmed, p.most_nights, h.name AS house_name,
       p.voucher_minutes, p.confirms_on,
       u.archived_at IS NULL AND h.archived_at IS NULL AND p.archived_at IS NULL AS active,
       ARRAY(SELECT s.space_id FROM unit_spaces s WHERE s.unit_id = u.id
             ORDER BY s.space_id) AS space_ids
FROM units u JOIN houses h ON h.id = u.house_id JOIN properties p ON p.id = h.property_id
"""
_BY_UNIT = text(f"{_BOOKABLE} WHERE u.id = ANY(:unit_ids) ORDER BY u.id")
_ON_SALE = text(f"""{_BOOKABLE}
WHERE u.archived_at IS NULL AND h.archived_at IS NULL AND p.archived_at IS NULL
  AND (u.id = ANY(:unit_ids) OR u.house_id = :house_id OR h.property_id = :property_id)
ORDER BY u.name, u.id LIMIT :most
""")
_OFFERED = text(f"""{_BOOKABLE}
WHERE u.archived_at IS NULL AND h.archived_at IS NULL AND p.archived_at IS NULL
  AND u.organisation_id = :organisation_id
  AND (CAST(:property_id AS uuid) IS NULL OR h.property_id = :property_id)
""")
_OWNER = text("SELECT organisation_id FROM properties WHERE id = :property_id")
_LAYOUT = text("""
SELECT h.id AS house_id, h.property_id, h.organisation_id, h.name, h.zone, h.check_in_from,
       h.check_out_until, h.lease_hours, h.max_companions,
       h.music_rules, h.lan_addresses,
       make_interval(days => p.staff_grant_days) AS longest_staff_grant,
       make_interval(hours => p.override_hours) AS longest_override,
       h.archived_at IS NULL AND p.archived_at IS NULL AS active
FROM houses h JOIN properties p ON p.id = h.property_id
WHERE h.id = :house_id
""")
_DEVICES = text("""
SELECT kind, id, name, vendor, space_id, speaker,
       ARRAY(SELECT u.id FROM units u
             WHERE u.house_id = :house_id AND u.archived_at IS NULL
               AND (d.space_id IS NULL OR EXISTS (
                    SELECT FROM unit_spaces s
                    WHERE s.unit_id = u.id AND s.space_id = d.space_id))
             ORDER BY u.id) AS unit_ids
FROM (SELECT 'lock' AS kind, id, name, vendor, space_id, house_id, archived_at,
             '' AS speaker FROM locks
      UNION ALL
      SELECT 'player', id, name, vendor, space_id, house_id, archived_at,
             coalesce(nullif(speaker, ''), name) FROM players) d
WHERE d.house_id = :house_id AND d.archived_at IS NULL
ORDER BY d.name, d.id
""")
_THINGS = text("""
SELECT d.id, d.name, 'home_assistant' AS vendor, d.space_id, d.kind, d.entity, d.guests_may,
       d.lowest, d.highest,
       ARRAY(SELECT u.id FROM units u
             WHERE u.house_id = :house_id AND u.archived_at IS NULL
               AND (d.space_id IS NULL OR EXISTS (
                    SELECT FROM unit_spaces s
                    WHERE s.unit_id = u.id AND s.space_id = d.space_id))
             ORDER BY u.id) AS unit_ids
FROM things d WHERE d.house_id = :house_id AND d.archived_at IS NULL
ORDER BY d.name, d.id
""")
_ZONES = text("SELECT id, zone FROM houses WHERE id = ANY(:house_ids)")
_PROPERTIES = text(
    "SELECT id FROM properties WHERE organisation_id = :organisation_id AND archived_at IS NULL"
)
_VOUCHER_MINUTES = text("SELECT voucher_minutes FROM properties WHERE id = :property_id")
_REGION = text(
    "SELECT region FROM properties WHERE organisation_id = :organisation_id"
    " ORDER BY archived_at IS NOT NULL, created_at LIMIT 1"
)
_ADDRESS = text(
    "SELECT p.address FROM houses h JOIN properties p ON p.id = h.property_id"
    " WHERE h.id = :house_id"
)
_PLACE = text(
    "SELECT p.name, p.address FROM houses h JOIN properties p ON p.id = h.property_id"
    " WHERE h.id = :house_id"
)
MOST_ON_SALE = 500
_NAMES = frozenset({"uq_units_name", "uq_locks_name", "uq_players_name", "uq_things_name"})


async def find[M: Place](
    session: Session, model: type[M], scope: Scope, place_id: UUID, *, lock: bool = False
) -> M | None:
    """One of the caller's own; locked against changes when `lock`."""
    statement = scoped(select(model).where(model.id == place_id), model, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def page[M: Place](
    session: Session,
    model: type[M],
    scope: Scope,
    window: Window,
    *,
    sort: str | None,
    archived: bool,
    where: Mapping[str, UUID | None],
) -> tuple[list[M], int]:
    """A page of the caller's own. `where` names columns that must equal; None does not filter."""
    statement = scoped(select(model), model, scope)
    for column, value in where.items():
        if value is not None:
            statement = statement.where(getattr(model, column) == value)
    if not archived:
        statement = statement.where(model.archived_at.is_(None))
    allowed: dict[str, Column] = {"name": model.name, "created_at": model.created_at}
    order = ordering(sort, allowed, default="name", last=model.id.asc())
    return await read_page(session, statement, window, order=order)


async def count_own(session: Session, scope: Scope, property_ids: Collection[UUID]) -> int:
    """How many of these properties are the caller's own."""
    statement = select(func.count()).select_from(PropertyRow)
    own = scoped(statement.where(PropertyRow.id.in_(property_ids)), PropertyRow, scope)
    return await session.scalar(own) or 0


async def spaces_of(session: Session, unit_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The spaces of these units, which the caller has already read as its own."""
    found = await session.execute(
        select(UnitSpaceRow.unit_id, UnitSpaceRow.space_id)
        .where(UnitSpaceRow.unit_id.in_(unit_ids))
        .order_by(UnitSpaceRow.space_id)
    )
    spaces: dict[UUID, list[UUID]] = {unit_id: [] for unit_id in unit_ids}
    for unit_id, space_id in found:
        spaces[unit_id].append(space_id)
    return spaces


async def units_standing_on(session: Session, scope: Scope, space_id: UUID) -> int:
    """How many units on sale occupy this space."""
    statement = (
        select(UnitRow.id)
        .join(UnitSpaceRow, UnitSpaceRow.unit_id == UnitRow.id)
        .where(UnitSpaceRow.space_id == space_id, UnitRow.archived_at.is_(None))
    )
    return len((await session.scalars(scoped(statement, UnitRow, scope))).all())


async def save(session: Session) -> None:
    """Write what was added and changed. Raises NameTaken, also when two write at once."""
    try:
        await session.flush()
    except IntegrityError as error:
        cause = getattr(error.orig, "__cause__", None)
        if getattr(cause, "constraint_name", None) in _NAMES:
            raise NameTaken from None
        raise


async def bookable(session: Session, unit_ids: Sequence[UUID]) -> tuple[BookableUnit, ...]:
    """These units, archived ones too, in the order of their ids."""
    statement = across_tenants(_BY_UNIT, because="a guest books without being of the tenant")
    rows = (await session.execute(statement, {"unit_ids": list(unit_ids)})).mappings()
    return tuple(_bookable(row) for row in rows)


async def on_sale(
    session: Session,
    *,
    unit_ids: Sequence[UUID],
    house_id: UUID | None,
    property_id: UUID | None,
) -> tuple[BookableUnit, ...]:
    """Units on sale that are named, or stand in the house or property."""
    statement = across_tenants(_ON_SALE, because="what is for sale, anybody may see")
    values = {
        "unit_ids": list(unit_ids),
        "house_id": house_id,
        "property_id": property_id,
        "most": MOST_ON_SALE,
    }
    rows = (await session.execute(statement, values)).mappings()
    return tuple(_bookable(row) for row in rows)


async def offered(
    session: Session, organisation_id: UUID, property_id: UUID | None
) -> tuple[BookableUnit, ...]:
    """Every unit on sale of the organisation, or of one property of it; in no order."""
    statement = across_tenants(_OFFERED, because="what is for sale, anybody may see")
    values = {"organisation_id": organisation_id, "property_id": property_id}
    rows = (await session.execute(statement, values)).mappings()
    return tuple(_bookable(row) for row in rows)


async def owner_of(session: Session, property_id: UUID) -> UUID | None:
    """Whose property it is."""
    statement = across_tenants(_OWNER, because="what is for sale, anybody may see")
    found: UUID | None = await session.scalar(statement, {"property_id": property_id})
    return found


async def layout(session: Session, house_id: UUID) -> HouseLayout | None:
    """The house with its devices."""
    because = "reactions work for every tenant; callers with a scope compare it"
    key = {"house_id": house_id}
    house = (
        (await session.execute(across_tenants(_LAYOUT, because=because), key)).mappings().first()
    )
    if house is None:
        return None
    devices = (await session.execute(across_tenants(_DEVICES, because=because), key)).mappings()
    locks: list[LockPlace] = []
    players: list[PlayerPlace] = []
    for row in devices:
        if row["kind"] == "lock":
            locks.append(LockPlace(**_device(row)))
        else:
            players.append(PlayerPlace(**_device(row), speaker=row["speaker"]))
    things = (await session.execute(across_tenants(_THINGS, because=because), key)).mappings()
    return HouseLayout(
        **house,
        locks=tuple(locks),
        players=tuple(players),
        things=tuple(_thing(row) for row in things),
    )


async def address(session: Session, house_id: UUID) -> str:
    """Where the house stands, as its owner wrote it; empty when nobody did."""
    statement = across_tenants(_ADDRESS, because="a grant names its own house")
    found: str | None = await session.scalar(statement, {"house_id": house_id})
    return found or ""


async def place(session: Session, house_id: UUID) -> HousePlace | None:
    """The house's property and address."""
    statement = across_tenants(_PLACE, because="a booking names its own house")
    row = (await session.execute(statement, {"house_id": house_id})).first()
    return None if row is None else HousePlace(property_name=row.name, address=row.address)


async def zones(session: Session, house_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The zone of each of these houses."""
    statement = across_tenants(_ZONES, because="jobs work for every tenant")
    found = await session.execute(statement, {"house_ids": list(house_ids)})
    return {row.id: row.zone for row in found}


async def property_ids(session: Session, organisation_id: UUID) -> frozenset[UUID]:
    """The organisation's properties that are not in the archive."""
    found = await session.scalars(_PROPERTIES, {"organisation_id": organisation_id})
    return frozenset(found)


async def voucher_minutes(session: Session, property_id: UUID) -> int | None:
    """How long the property waits for a transfer."""
    found: int | None = await session.scalar(_VOUCHER_MINUTES, {"property_id": property_id})
    return found


async def region(session: Session, organisation_id: UUID) -> str | None:
    """The country of the organisation's first property."""
    found: str | None = await session.scalar(_REGION, {"organisation_id": organisation_id})
    return found


def _device(row: RowMapping) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "vendor": row["vendor"],
        "space_id": row["space_id"],
        "unit_ids": tuple(row["unit_ids"]),
    }


def _thing(row: RowMapping) -> ThingPlace:
    return ThingPlace(
        **_device(row),
        kind=ThingKind(row["kind"]),
        entity=row["entity"],
        guests_may=GuestsMay(row["guests_may"]),
        lowest=row["lowest"],
        highest=row["highest"],
    )


def _bookable(row: RowMapping) -> BookableUnit:
    return BookableUnit(
        unit_id=row["unit_id"],
        name=row["name"],
        house_id=row["house_id"],
        property_id=row["property_id"],
        organisation_id=row["organisation_id"],
        space_ids=tuple(row["space_ids"]),
        capacity=row["capacity"],
        time_zone=row["zone"],
        check_in_from=row["check_in_from"],
        check_out_until=row["check_out_until"],
        hold_minutes=row["hold_minutes"],
        may_stand_unconfirmed=row["may_stand_unconfirmed"],
        most_nights=row["most_nights"],
        active=row["active"],
        base_price=Money(row["base_price_minor"], row["base_price_currency"]),
        house_name=row["house_name"],
        voucher_minutes=row["voucher_minutes"],
        confirms_on=ConfirmsOn(row["confirms_on"]),
    )
