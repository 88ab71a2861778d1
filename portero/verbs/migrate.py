"""How does the database get the newest schema?"""

from psycopg import conninfo

from cloud_api.migrations.runner import APP_ROLE, upgrade
from cloud_api.settings import CloudSettings
from portero.verbs import read
from portero.verbs.answers import database_answers


def migrate() -> None:
    """The newest schema, and the runtime role with the password of its own address, if any.

    SystemExit without the owner's database.
    """
    settings = read.settings(CloudSettings)
    if settings.database_owner_dsn is None:
        raise SystemExit("set PORTERO_DATABASE_OWNER_DSN: migrations run as the database's owner")
    with database_answers("PORTERO_DATABASE_OWNER_DSN"):
        upgrade(
            settings.database_owner_dsn.get_secret_value(),
            app_password=_app_password(settings.database_dsn.get_secret_value()),
        )


def _app_password(dsn: str) -> str | None:
    named = conninfo.conninfo_to_dict(dsn)
    password = named.get("password")
    return str(password) if named.get("user") == APP_ROLE and password else None
