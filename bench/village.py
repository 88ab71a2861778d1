"""In how many houses do the benches search? Villages of many, each with two years of stays.

Everything is copied from one house built through the API, in the database: what is measured is
reading.
"""

from dataclasses import dataclass
from uuid import UUID

import httpx
import psycopg

from bench.hotel import EMAIL, PASSWORD, made

STAY_NIGHTS, EVERY_NIGHTS = 5, 7
YEARS_NIGHTS = 730

_COPY_HOUSES = """
CREATE TEMP TABLE copies ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS house, gen_random_uuid() AS space, gen_random_uuid() AS unit
FROM generate_series(2, %(houses)s) AS n;
INSERT INTO houses (id, organisation_id, name, property_id, zone, check_in_from, check_out_until)
SELECT c.house, h.organisation_id, 'House ' || c.n, h.property_id, h.zone, h.check_in_from,
    h.check_out_until
FROM copies c, houses h WHERE h.id = %(house)s;
INSERT INTO spaces (id, organisation_id, name, house_id)
SELECT c.space, h.organisation_id, 'Rooms', c.house FROM copies c, houses h WHERE h.id = %(house)s;
INSERT INTO units (id, organisation_id, name, house_id, capacity, base_price_minor,
    base_price_currency)
SELECT c.unit, u.organisation_id, 'House ' || c.n, c.house, u.capacity, u.base_price_minor,
    u.base_price_currency
FROM copies c, units u WHERE u.house_id = %(house)s;
INSERT INTO unit_spaces (unit_id, space_id, house_id) SELECT unit, space, house FROM copies;
"""
# Every house begins on another weekday, so that of any night some are free and some are not.
_FILL = """
CREATE TEMP TABLE stays ON COMMIT DROP AS
SELECT gen_random_uuid() AS id, s.organisation_id, h.property_id, s.house_id, s.id AS space,
    us.unit_id AS unit, current_date + 2 + k * %(every)s + (row_number() OVER (PARTITION BY k
    ORDER BY s.id))::int %% %(every)s AS first, row_number() OVER () AS number
FROM spaces s JOIN houses h ON h.id = s.house_id JOIN unit_spaces us ON us.space_id = s.id
CROSS JOIN generate_series(0, %(nights)s / %(every)s - 1) AS k
WHERE h.property_id = %(property)s;
INSERT INTO reservations (id, organisation_id, property_id, house_id, code, kind, status, check_in,
    check_out, guests, channel, contact_name, contact_email, language, standing, confirmed_at)
SELECT id, organisation_id, property_id, house_id, 'B' || replace(id::text, '-', ''), 'stay',
    'confirmed', first, first + %(stay)s, 1, 'web', 'Ana Guest', 'ana@example.org', 'en', false,
    now()
FROM stays;
INSERT INTO reservation_units (reservation_id, unit_id) SELECT id, unit FROM stays;
INSERT INTO occupancies (reservation_id, space_id, nights, live)
SELECT id, space, daterange(first, first + %(stay)s), true FROM stays;
"""


@dataclass(frozen=True, slots=True)
class Village:
    """One property: how many houses, and a unit of the house that was built first."""

    houses: int
    property_id: UUID
    unit_id: UUID


async def build(client: httpx.AsyncClient, owner_dsn: str, *, houses: int) -> Village:
    """A property of so many houses, one unit each, taken five nights of seven for two years."""
    session = await made(client, "/sessions", {"email": EMAIL, "password": PASSWORD})
    client.headers["authorization"] = f"Bearer {session['token']}"
    name = f"Village of {houses}"
    place = await made(client, "/properties", {"name": name, "region": "PE"})
    first = {"name": "House 1", "zone": "America/Lima"}
    house = await made(client, f"/properties/{place['id']}/houses", first)
    space = await made(client, f"/houses/{house['id']}/spaces", {"name": "Rooms"})
    unit = {
        "name": "House 1",
        "capacity": 4,
        "space_ids": [space["id"]],
        "base_price": {"minor": 12_000, "currency": "PEN"},
    }
    sold = await made(client, f"/houses/{house['id']}/units", unit)
    _copy(owner_dsn, {"house": house["id"], "property": place["id"], "houses": houses})
    return Village(houses, UUID(place["id"]), UUID(sold["id"]))


def settle(owner_dsn: str) -> None:
    """As autovacuum would have left it: statistics and visibility known."""
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def _copy(owner_dsn: str, wanted: dict[str, object]) -> None:
    values = {
        **wanted, "stay": STAY_NIGHTS, "every": EVERY_NIGHTS, "nights": YEARS_NIGHTS
    }  # fmt: skip
    with psycopg.ClientCursor(psycopg.connect(owner_dsn)) as cursor:
        cursor.execute(_COPY_HOUSES, values)
        cursor.execute(_FILL, values)
        cursor.connection.commit()
        cursor.connection.close()
