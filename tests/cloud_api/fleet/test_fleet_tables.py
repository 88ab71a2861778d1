"""The tables are what the code believes."""

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from cloud_api.migrations.tables import all_metadata


def test_migrated_tables_and_models_agree(owner_dsn: str) -> None:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(owner_dsn), poolclass=NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each for each in compare_metadata(context, all_metadata()) if "fleet_" in str(each)
        ]
    engine.dispose()
    assert differences == []
