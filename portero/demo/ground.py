"""What stands under the demo before any process of ours starts: files, ports, database, broker."""

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql

from cloud_api.migrations.runner import app_dsn, upgrade
from portero.local.broker import LocalBroker
from portero.local.ports import next_free
from portero.local.postgres import LocalPostgres
from provisioning.ceremony import hold, read_document

DATABASE = "portero"
OWNER_EMAIL = "owner@demo.example"
ORGANISATION = "Demo houses"
_WANTED_PORTS = {"cloud": 8000, "lan": 8080, "music": 8095, "payer": 8200, "broker": 18830}


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports; `moved` names those that were taken and what we use instead."""

    cloud: int
    lan: int
    music: int
    payer: int
    broker: int
    moved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once for this demo's folder, kept in a 0600 file."""

    secret_key: str
    owner_password: str


@dataclass
class Ground:
    """The demo's folder and the two servers that are not ours."""

    folder: Path
    ports: Ports
    secrets: Secrets
    postgres: LocalPostgres
    broker: LocalBroker

    @property
    def keys(self) -> Path:
        """The cloud's key folder."""
        return self.folder / "keys" / "cloud"

    @property
    def cloud_url(self) -> str:
        """Where the cloud answers."""
        return f"http://127.0.0.1:{self.ports.cloud}"

    @property
    def lan_url(self) -> str:
        """Where the house answers on the LAN."""
        return f"http://127.0.0.1:{self.ports.lan}"

    @property
    def payer_url(self) -> str:
        """Where the played Mercado Pago answers."""
        return f"http://127.0.0.1:{self.ports.payer}"

    def close(self) -> None:
        """Stop broker and database; the data stays."""
        self.broker.stop()
        self.postgres.close()


def prepare(folder: Path, *, fresh: bool, now: datetime) -> Ground:
    """Make or find everything; `fresh` forgets what was there. OSError when a port is snatched."""
    folder = folder.resolve()
    if fresh and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ports = _ports()
    postgres = LocalPostgres(folder / "postgres")
    _database(postgres)
    keys = folder / "keys"
    if not (keys / "cloud").exists() or read_document(keys / "cloud") is None:
        hold(root_folder=keys / "root", cloud_folder=keys / "cloud", now=now)
    broker = LocalBroker(folder / "broker", port=ports.broker)
    try:
        broker.start()
    except OSError:
        postgres.close()
        raise
    return Ground(folder, ports, _secrets(folder), postgres, broker)


def environment(ground: Ground) -> dict[str, str]:
    """What the cloud's processes read."""
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - children need PATH and HOME
        if not name.startswith("PORTERO_")
    }
    return {
        **inherited,
        "PORTERO_ENVIRONMENT": "development",
        "PORTERO_DATABASE_DSN": app_dsn(ground.postgres.dsn(DATABASE)),
        "PORTERO_SECRET_KEY": ground.secrets.secret_key,
        "PORTERO_HOST": "127.0.0.1",
        "PORTERO_PORT": str(ground.ports.cloud),
        "PORTERO_PUBLIC_URL": ground.cloud_url,
        "PORTERO_DATA_FOLDER": str(ground.folder / "cloud"),
        "PORTERO_KEY_FOLDER": str(ground.keys),
        "PORTERO_BROKER_URL": f"mqtt://127.0.0.1:{ground.ports.broker}",
        "PORTERO_VENDOR_URLS": json.dumps({"mercado_pago": ground.payer_url}),
        "PORTERO_OWNER_EMAIL": OWNER_EMAIL,
        "PORTERO_OWNER_PASSWORD": ground.secrets.owner_password,
        "PORTERO_OWNER_ORGANISATION": ORGANISATION,
    }


def _ports() -> Ports:
    chosen: dict[str, int] = {}
    for name, wanted in _WANTED_PORTS.items():
        chosen[name] = next_free(wanted, taken=chosen.values())
    moved = tuple(
        f"port {wanted} is taken; {name} uses {chosen[name]}"
        for name, wanted in _WANTED_PORTS.items()
        if chosen[name] != wanted
    )
    return Ports(**chosen, moved=moved)


def _secrets(folder: Path) -> Secrets:
    path = folder / "secrets.json"
    if not path.exists():
        made = {"secret_key": secrets.token_hex(32), "owner_password": secrets.token_urlsafe(12)}
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    return Secrets(**json.loads(path.read_text()))


def _database(postgres: LocalPostgres) -> None:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    upgrade(postgres.dsn(DATABASE))
