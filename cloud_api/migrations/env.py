"""How does alembic reach the tables? Called by `runner` with a connection already open."""

from alembic import context
from sqlalchemy import Connection

from cloud_api.migrations.tables import all_metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=all_metadata(), compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
