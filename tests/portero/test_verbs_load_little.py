"""Does each process load only what it needs, and show its counts where it was told?"""

import socket
import subprocess
import sys

import pytest
from pydantic import SecretStr

from cloud_api.settings import CloudSettings
from portero.verbs import counts


@pytest.mark.parametrize(
    ("verb", "foreign"),
    [
        ("cloud", {"pgqueuer", "alembic", "aiomqtt", "psycopg"}),
        ("courier", {"pgqueuer", "alembic", "psycopg"}),
        ("owner", {"pgqueuer", "alembic", "aiomqtt", "uvicorn"}),
        ("lockd", {"aiomqtt", "edge_agent.app", "edge_agent.local_api", "cloud_api", "bleak"}),
        ("agent", {"edge_agent.lock_app", "edge_agent.store.audit", "sqlite3", "cloud_api"}),
    ],
)
def test_what_others_need_is_not_loaded(verb: str, foreign: set[str]) -> None:
    code = f"import portero.verbs.{verb}, sys; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert f"portero.verbs.{verb}" in loaded
    assert not foreign & loaded


def test_a_taken_port_for_counts_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = CloudSettings(
            environment="development",
            database_dsn=SecretStr("postgresql://nobody@127.0.0.1:1/nothing"),
            secret_key=SecretStr("k" * 32),
            metrics_port=taken.getsockname()[1],
        )
        with pytest.raises(
            SystemExit, match=r"PORTERO_METRICS_PORT: cannot listen on 127\.0\.0\.1"
        ):
            counts.show(settings)
