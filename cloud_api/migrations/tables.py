"""Which tables does the code believe in?"""

from importlib import import_module
from importlib.util import find_spec

from sqlalchemy import MetaData

from cloud_api.kit.db import Model

# Rooms with tables, in the order of their revisions.
ROOMS = (
    "kit",
    "accounts",
    "files",
    "properties",
    "clients",
    "fleet",
    "pricing",
    "payments",
    "messaging",
    "reservations",
    "access",
    "papers",
    "crm",
    "privacy",
    "jobs",
)


def all_metadata() -> MetaData:
    """The metadata with every room's models imported."""
    for room in ROOMS:
        name = f"cloud_api.{room}.models"
        if find_spec(f"cloud_api.{room}") and find_spec(name):
            import_module(name)
    return Model.metadata
