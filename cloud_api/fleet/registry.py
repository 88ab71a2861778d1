"""What does fleet hand to the composition roots?"""

from sqlalchemy import text

from cloud_api.kit.db import Database
from cloud_api.kit.health import Check, Finding, Health

# Operators see the whole installation; only numbers leave here.
_COURIERS = text("""
SELECT count(*) AS alive, count(*) FILTER (WHERE connected) AS connected FROM fleet_couriers
WHERE beat_at > clock_timestamp() - interval '15 seconds'
""")
_HOUSES = text("""
SELECT count(*) FILTER (WHERE signing_key IS NOT NULL) AS enrolled,
    count(*) FILTER (WHERE signing_key IS NOT NULL AND NOT online) AS away,
    count(*) FILTER (WHERE frozen) AS frozen,
    count(*) FILTER (WHERE build_trouble IS NOT NULL) AS troubled,
    count(*) FILTER (WHERE facts_forked IS NOT NULL) AS forked,
    count(*) FILTER (WHERE EXISTS (SELECT FROM fleet_lives l WHERE l.house_id = h.house_id
        AND l.loser_heard_at > clock_timestamp() - interval '1 day')) AS doubled
FROM fleet_houses h
""")


async def _courier(database: Database) -> Finding:
    async with database.transaction() as session:
        found = (await session.execute(_COURIERS)).one()
    if not found.alive:
        return Finding(Health.DEGRADED, "no courier is running")
    return Finding(Health.HEALTHY, f"{found.alive} running")


async def _broker(database: Database) -> Finding:
    async with database.transaction() as session:
        found = (await session.execute(_COURIERS)).one()
    if not found.connected:
        return Finding(Health.DEGRADED, "no courier has a broker; houses go on by themselves")
    return Finding(Health.HEALTHY)


async def _houses(database: Database) -> Finding:
    async with database.transaction() as session:
        found = (await session.execute(_HOUSES)).one()
    detail = (
        f"{found.enrolled} enrolled, {found.away} away, {found.frozen} frozen,"
        f" {found.troubled} in trouble, {found.forked} with forked facts,"
        f" {found.doubled} doubled"
    )
    strange = found.away or found.frozen or found.troubled or found.forked or found.doubled
    return Finding(Health.DEGRADED if strange else Health.HEALTHY, detail)


HEALTH_CHECKS: tuple[Check, ...] = (
    Check("courier", _courier),
    Check("broker", _broker),
    Check("houses", _houses),
)
