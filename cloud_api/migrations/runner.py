"""How does a database get the tables this release needs, and a user with few rights?"""

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

APP_ROLE = "portero_app"
# One migration at a time, whoever starts first; any constant will do.
_LOCK = 7_220_481_931


def upgrade(owner_dsn: str, *, app_password: str | None = None) -> None:
    """Bring the schema to the newest revision, as its owner; safe to run again and at once.

    The runtime role `portero_app` is created where it is missing, may only read and write rows,
    and gets `app_password` when one is given.
    """
    with psycopg.connect(owner_dsn, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        _migrate(owner_dsn)
        with guard.transaction():
            _grant(guard, app_password)


def app_dsn(owner_dsn: str, *, password: str | None = None) -> str:
    """The same database as the runtime role."""
    parts = urlsplit(owner_dsn)
    secret = "" if password is None else f":{quote(password, safe='')}"
    _, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{APP_ROLE}{secret}@{host if at else parts.netloc}"))


def _migrate(owner_dsn: str) -> None:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(owner_dsn), poolclass=NullPool
    )
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def _grant(connection: "psycopg.Connection[tuple[object, ...]]", password: str | None) -> None:
    role = sql.Identifier(APP_ROLE)
    connection.execute(
        sql.SQL(
            "DO $$ BEGIN CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ).format(role)
    )
    if password is not None:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
    for statement in (
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {}",
        "REVOKE UPDATE, DELETE ON audit_log FROM {}",
    ):
        connection.execute(sql.SQL(statement).format(role))
