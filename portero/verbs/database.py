"""How does somebody who has no PostgreSQL try things out?"""

import signal
import threading
from pathlib import Path

import psycopg
from psycopg import sql

from cloud_api.migrations.runner import app_dsn
from portero.local.postgres import LocalPostgres

DATABASE = "portero"
ENVIRONMENT = "database.env"


def hold(folder: Path) -> None:
    """An embedded PostgreSQL until a signal ends it; its addresses are in `database.env`."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = LocalPostgres(folder)
    try:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                connection.execute(create)
        owner = server.dsn(DATABASE)
        (folder / ENVIRONMENT).write_text(
            f"PORTERO_DATABASE_OWNER_DSN='{owner}'\nPORTERO_DATABASE_DSN='{app_dsn(owner)}'\n"
        )
        ended.wait()
    finally:
        (folder / ENVIRONMENT).unlink(missing_ok=True)
        server.close()
