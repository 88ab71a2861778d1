"""An embedded server starts again and again, also in a folder too deep for a socket."""

import subprocess
import sys
from pathlib import Path

ASK = """
import sys, pathlib, psycopg
from portero.local.postgres import LocalPostgres
server = LocalPostgres(pathlib.Path(sys.argv[1]))
with psycopg.connect(server.dsn(), autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    connection.execute("INSERT INTO kept VALUES (1)")
    print(connection.execute("SELECT count(*) FROM kept").fetchone()[0])
server.close()
"""


def test_a_deep_folder_serves_twice_and_keeps_its_data(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    for times in (1, 2):
        asked = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-W", "error::RuntimeWarning", "-c", ASK, str(deep)],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert asked.returncode == 0, asked.stderr
        assert asked.stdout.strip() == str(times)
        assert "XDG_RUNTIME_DIR" not in asked.stderr
