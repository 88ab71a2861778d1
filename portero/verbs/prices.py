"""What are a property's conventions of pricing, and with which does one begin?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.pricing import management
from cloud_api.pricing.schemas import HourTermsIn, SettingsOut, SettingsPatch
from cloud_api.properties import service as properties
from cloud_api.settings import CloudSettings
from portero.verbs import read
from portero.verbs.answers import database_answers


async def show_prices(property_id: UUID) -> str:
    """Its conventions in force, as JSON. SystemExit where it has nothing on sale."""
    async with _at(property_id) as (session, scope):
        return _told(await management.read_settings(session, scope, property_id))


async def seed_prices(property_id: UUID) -> str:
    """Begin with the offered terms of late check-out and early check-in; told ones stay.

    Answers its conventions as JSON. SystemExit where it has nothing on sale.
    """
    async with _at(property_id) as (session, scope):
        found = await management.read_settings(session, scope, property_id)
        offered = [HourTermsIn.model_validate(each.model_dump()) for each in found.offered_hours]
        wanted = {
            name: offered
            for name in ("late_check_out", "early_check_in")
            if not getattr(found, name)
        }
        if wanted:
            now, patch = SystemClock().utc_now(), SettingsPatch.model_validate(wanted)
            found = await management.configure(session, scope, property_id, patch, now=now)
        return _told(found)


@asynccontextmanager
async def _at(property_id: UUID) -> AsyncIterator[tuple[Session, Scope]]:
    settings = read.settings(CloudSettings)
    database = Database(settings.database_dsn.get_secret_value(), name="portero-prices")
    try:
        with database_answers():
            async with database.transaction() as session:
                units = await properties.units_on_sale(session, property_id=property_id)
                if not units:
                    raise SystemExit(f"there is nothing on sale at a property {property_id}")
                tenant = units[0].organisation_id
                yield session, Scope(tenant, PrincipalKind.SYSTEM, property_id)
    finally:
        await database.close()


def _told(settings: SettingsOut) -> str:
    return settings.model_dump_json(indent=2)
