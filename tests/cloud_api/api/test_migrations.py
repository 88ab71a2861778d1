"""Is the migrated schema the one the code believes in, and can anybody run the migrations again?"""

import asyncio
import subprocess
import sys

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from cloud_api.migrations.runner import APP_ROLE, app_dsn, upgrade
from cloud_api.migrations.tables import all_metadata


def _rooms_own(_object: object, name: str | None, kind: str, reflected: bool, _to: object) -> bool:  # noqa: FBT001 - alembic's
    # Tables that a library brings with it are described by the library, not by our models.
    return not (kind == "table" and reflected and name not in all_metadata().tables)


def test_models_and_migrations_agree(owner_dsn: str) -> None:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(owner_dsn), poolclass=NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _rooms_own}
        )
        assert compare_metadata(context, all_metadata()) == []
    engine.dispose()


async def test_migrating_again_and_at_once_changes_nothing(owner_dsn: str) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(asyncio.to_thread(upgrade, owner_dsn))


def test_the_runtime_role_reads_the_version_but_cannot_lie_about_it(owner_dsn: str) -> None:
    with psycopg.connect(app_dsn(owner_dsn), autocommit=True) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone()
        rights = connection.execute(
            "SELECT has_table_privilege(current_user, 'alembic_version', 'UPDATE'),"
            " has_table_privilege(current_user, 'audit_log', 'DELETE'),"
            " has_table_privilege(current_user, 'audit_log', 'INSERT'),"
            " has_schema_privilege(current_user, 'public', 'CREATE')"
        ).fetchone()
    assert rights == (False, False, True, False)


def test_the_runtime_role_takes_the_owners_place_in_any_dsn() -> None:
    assert app_dsn("postgresql://owner:pw@db:5432/p?sslmode=require", password="a b/c") == (
        f"postgresql://{APP_ROLE}:a%20b%2Fc@db:5432/p?sslmode=require"
    )
    assert app_dsn("postgresql://me@/p?host=/run/pg") == f"postgresql://{APP_ROLE}@/p?host=/run/pg"
    assert app_dsn("postgresql://db/p") == f"postgresql://{APP_ROLE}@db/p"


def test_importing_the_settings_and_a_rooms_rules_loads_neither_web_nor_database() -> None:
    code = (
        "import sys, cloud_api.settings, cloud_api.accounts.rules, cloud_api.properties.rules;"
        "print([name for name in ('fastapi', 'sqlalchemy', 'asyncpg', 'alembic', 'pwdlib')"
        " if name in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert seen.stdout.strip() == "[]"
