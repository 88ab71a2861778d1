"""Which rooms answer over HTTP?"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from fastapi import APIRouter

from cloud_api.kit.health import DATABASE_CHECK, Check

PREFIX = "/api/v1"
# Rooms below this one; `web` brings its own pages to the application beside them. Routes are tried
# in this order: whoever waits at a door or for a room comes first.
ROOMS = (
    "reservations",
    "access",
    "fleet",
    "accounts",
    "jobs",
    "properties",
    "clients",
    "messaging",
    "payments",
    "pricing",
    "calendars",
    "crm",
    "shop",
    "staff",
    "conversations",
    "papers",
    "files",
    "privacy",
    "reports",
)


@cache
def collect() -> APIRouter:
    """Every room's and sub-room's `endpoints.router`, under the API's prefix.

    Made once in a process: working out some hundreds of routes takes half a second, and all
    applications of one process answer the same addresses.
    """
    whole = APIRouter(prefix=PREFIX)
    for module in _modules("endpoints"):
        whole.include_router(module.router)
    return whole


def collect_checks() -> tuple[Check, ...]:
    """The database's check, and every room's `registry.HEALTH_CHECKS`."""
    found = [DATABASE_CHECK]
    for module in _modules("registry"):
        found.extend(getattr(module, "HEALTH_CHECKS", ()))
    return tuple(found)


def _modules(name: str) -> Iterator[ModuleType]:
    for room in ROOMS:
        if find_spec(f"cloud_api.{room}") is not None:
            for package in _with_sub_rooms(f"cloud_api.{room}"):
                if find_spec(f"{package}.{name}") is not None:
                    yield import_module(f"{package}.{name}")


def _with_sub_rooms(package: str) -> list[str]:
    found = import_module(package)
    return [
        package,
        *(f"{package}.{each.name}" for each in iter_modules(found.__path__) if each.ispkg),
    ]
