"""How are the cloud's HTTP rooms put together?"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import sha256

from fastapi import APIRouter, FastAPI

from cloud_api.accounts.service import authenticate, ensure_owner
from cloud_api.api import health, openapi, problems, routers
from cloud_api.api.front import Front
from cloud_api.crm.members.service import facts_of
from cloud_api.files.registry import store_of
from cloud_api.files.service import Cabinet
from cloud_api.fleet.authority import read_authority
from cloud_api.fleet.ports import Enrolment
from cloud_api.fleet.types import CHANNEL_DONE
from cloud_api.kit import logs
from cloud_api.kit.bell import listening
from cloud_api.kit.clock import Clock, SystemClock
from cloud_api.kit.db import Database
from cloud_api.kit.disk import disk_check
from cloud_api.kit.health import Check
from cloud_api.kit.http import Backstage
from cloud_api.kit.ids import new_id
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.throttle import Throttle
from cloud_api.kit.vault import Vault
from cloud_api.papers.printing.service import Press
from cloud_api.reservations.availability.service import taken_by_unit
from cloud_api.settings import CloudSettings

TITLE = "Portero"
# The contract version is in the path; this one counts additions to it.
API_VERSION = "1.0"


def create_app(
    settings: CloudSettings,
    *,
    clock: Clock | None = None,
    pages: Sequence[APIRouter] = (),
    checks: Sequence[Check] = (),
) -> FastAPI:
    """The whole HTTP application; nothing is connected before its lifespan begins.

    `pages` are the web room's routers, `checks` are health checks beside the rooms' own.
    """
    time = clock or SystemClock()
    logs.configure(level=settings.log_level)
    app = FastAPI(
        title=TITLE,
        version=API_VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan(settings, time),
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    disk = disk_check(settings.data_folder)
    app.state.health_checks = (*routers.collect_checks(), disk, *checks)
    app.include_router(routers.collect())
    app.include_router(health.router)
    for page in pages:
        app.include_router(page)
    problems.install(app)
    openapi.install(app)
    app.add_middleware(Front, clock=time, new_request_id=lambda: new_id().hex)
    return app


type Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def _lifespan(settings: CloudSettings, clock: Clock) -> Lifespan:
    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        secret = settings.secret_key.get_secret_value()
        database = Database(
            settings.database_dsn.get_secret_value(),
            pool_size=settings.database_pool_size,
            name="portero-cloud",
        )
        try:
            async with (
                listening(database.dsn, CHANNEL_DONE) as bell,
                Outgoing(settings.vendor_urls) as outgoing,
            ):
                vault = Vault(secret)
                app.state.cabinet = Cabinet(vault, store_of(settings, outgoing, clock))
                app.state.public_url = settings.public_url
                app.state.press = Press()
                app.state.backstage = Backstage(
                    database=database,
                    clock=clock,
                    authenticate=authenticate,
                    throttle=Throttle(database, key=sha256(f"throttle {secret}".encode()).digest()),
                    vault=vault,
                    bell=bell,
                    outgoing=outgoing,
                    public_url=settings.public_url.rstrip("/"),
                )
                app.state.enrolment = _enrolment(settings)
                app.state.calendar = taken_by_unit
                app.state.guests = facts_of
                await _first_owner(settings, database)
                yield
        finally:
            await database.close()

    return live


def _enrolment(settings: CloudSettings) -> Enrolment:
    folder = settings.issuer_folder
    authority = None if folder is None else read_authority(folder)
    return Enrolment(authority, settings.house_broker_url)


async def _first_owner(settings: CloudSettings, database: Database) -> None:
    if settings.owner_email is None or settings.owner_password is None:
        return
    async with database.transaction() as session:
        await ensure_owner(
            session,
            email=settings.owner_email,
            password=settings.owner_password,
            organisation=settings.owner_organisation,
        )
