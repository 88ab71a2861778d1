"""How is the cloud's database kept elsewhere, brought back, and proven to come back?

Not inside: `PORTERO_SECRET_KEY` and the signing keys. Keep them apart from the backup; without the
first, what rests in the vault cannot be read. Tables, their row counts and the houses' positions
come from one database snapshot.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from cloud_api.kit.vault import Vault
from cloud_api.migrations.runner import upgrade
from portero.backups import postgres
from portero.backups.archive import (
    AboutCloud,
    HousePosition,
    Manifest,
    pack,
    private_folder,
    unpacked,
)
from portero.backups.errors import BackupError
from portero.backups.findings import Finding
from protocol.facts import GENESIS

_DUMP = "database.dump"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_HOUSES = """SELECT house_id AS house, epoch, version, facts_chain, facts_through, facts_head
    FROM fleet_houses ORDER BY house_id"""
_FACTS = """SELECT house_id::text, chain, sequence, exact, hash FROM fleet_facts
    ORDER BY house_id, chain, sequence"""
_FACTS_AT_ONCE = 2_000

type _Connection = psycopg.Connection[tuple[object, ...]]


def take(
    owner_dsn: str,
    *,
    secret_key: str,
    recipients: Sequence[str],
    out: Path,
    now: datetime,
    software: str,
) -> AboutCloud:
    """Write the backup to `out` while the cloud runs. BackupError."""
    with private_folder(out.parent) as folder, _connected(owner_dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        (snapshot,) = _row(connection, "SELECT pg_export_snapshot()")
        about = _about(connection, mark=secret_mark(secret_key))
        postgres.dump(owner_dsn, str(snapshot), folder / _DUMP)
        manifest = Manifest.of(folder, about, made_at=now, software=software)
        pack(folder, manifest, out, recipients)
    return about


def load(owner_dsn: str, archive: Path, key: Path) -> Manifest:
    """Bring the database back into an empty one and up to this version's schema. BackupError."""
    with unpacked(archive, key) as (folder, manifest):
        _about_cloud(archive, manifest)
        _load(owner_dsn, folder)
    return manifest


def verify(
    scratch_dsn: str, archive: Path, key: Path, *, secret_key: str | None
) -> tuple[Manifest, list[Finding]]:
    """Bring the backup back in an empty scratch database and look at everything. BackupError."""
    with unpacked(archive, key) as (folder, manifest):
        about = _about_cloud(archive, manifest)
        with _connected(scratch_dsn) as connection:
            _require_empty(connection)
        postgres.load(scratch_dsn, folder / _DUMP)
        with _connected(scratch_dsn) as connection:
            findings = [*_compare(connection, about), _chains(connection), _key(about, secret_key)]
        upgrade(scratch_dsn)
        with _connected(scratch_dsn) as connection:
            revision = _revision(connection)
    return manifest, [*findings, Finding("schema of this version", fits=True, detail=revision)]


def secret_mark(secret_key: str) -> str:
    """Equal for equal secret keys; the key cannot be told from it."""
    return Vault(secret_key).fingerprint("this cloud", context="backup").hex()


def _load(owner_dsn: str, folder: Path) -> None:
    with _connected(owner_dsn) as connection:
        _require_empty(connection)
    postgres.load(owner_dsn, folder / _DUMP)
    upgrade(owner_dsn)


def _about_cloud(archive: Path, manifest: Manifest) -> AboutCloud:
    if not isinstance(manifest.about, AboutCloud):
        raise BackupError(f"{archive} is the backup of a {manifest.about.kind}, not of a cloud")
    return manifest.about


def _about(connection: _Connection, *, mark: str) -> AboutCloud:
    if "alembic_version" not in _tables(connection):
        raise BackupError("this database has no tables of ours")
    return AboutCloud(
        revision=_revision(connection),
        rows=_rows(connection),
        houses=_positions(connection),
        secret_mark=mark,
    )


def _rows(connection: _Connection) -> dict[str, int]:
    count = sql.SQL("SELECT count(*) FROM {}")
    return {
        table: int(str(_row(connection, count.format(sql.Identifier(table)))[0]))
        for table in _tables(connection)
    }


def _tables(connection: _Connection) -> list[str]:
    return [str(name) for (name,) in connection.execute(_TABLES)]


def _positions(connection: _Connection) -> tuple[HousePosition, ...]:
    with connection.cursor(row_factory=class_row(HousePosition)) as cursor:
        return tuple(cursor.execute(_HOUSES))


def _revision(connection: _Connection) -> str:
    return str(_row(connection, "SELECT version_num FROM alembic_version")[0])


def _compare(connection: _Connection, about: AboutCloud) -> Iterator[Finding]:
    revision = _revision(connection)
    yield Finding("schema revision", revision == about.revision, revision)
    rows = _rows(connection)
    wrong = sorted(name for name in rows.keys() | about.rows.keys() if _differ(name, rows, about))
    told = f"not as it was: {', '.join(wrong)}" if wrong else f"{sum(rows.values())} rows"
    yield Finding(f"{len(about.rows)} tables", not wrong, told)
    houses = _positions(connection)
    yield Finding("positions of the houses", houses == about.houses, f"{len(houses)} houses")


def _differ(name: str, rows: dict[str, int], about: AboutCloud) -> bool:
    return rows.get(name) != about.rows.get(name)


def _chains(connection: _Connection) -> Finding:
    """Each fact of each house is what was hashed, and follows from the one before."""
    before, count = dict[tuple[object, object], tuple[int, str]](), 0
    with connection.cursor(name="facts") as cursor:
        cursor.itersize = _FACTS_AT_ONCE
        for house, chain, sequence, exact, digest in cursor.execute(_FACTS):
            number, previous = before.get((house, chain), (0, GENESIS))
            if not _follows(str(exact), str(digest), previous) or sequence != number + 1:
                broken = f"house {house}, fact {sequence} does not follow"
                return Finding("audit of the houses", fits=False, detail=broken)
            before[house, chain] = (number + 1, str(digest))
            count += 1
    return Finding("audit of the houses", fits=True, detail=f"{count} facts follow")


def _follows(exact: str, digest: str, previous: str) -> bool:
    if sha256(exact.encode()).hexdigest() != digest:
        return False
    try:
        return bool(json.loads(exact)["previous"] == previous)
    except (ValueError, KeyError, TypeError):
        return False


def _key(about: AboutCloud, secret_key: str | None) -> Finding:
    if secret_key is None:
        told = "PORTERO_SECRET_KEY is not set here: whether the vault opens was not looked at"
        return Finding("secret key", fits=None, detail=told)
    fits = secret_mark(secret_key) == about.secret_mark
    told = "opens the vault" if fits else "is not the one this backup was made with"
    return Finding("secret key", fits, told)


def _require_empty(connection: _Connection) -> None:
    if _tables(connection):
        raise BackupError("the database has tables; a backup is brought back into an empty one")


def _row(connection: _Connection, query: str | sql.Composed) -> tuple[object, ...]:
    found = connection.execute(query).fetchone()
    if found is None:
        raise BackupError("the database does not answer as ours does")
    return found


@contextmanager
def _connected(dsn: str) -> Iterator[_Connection]:
    try:
        with psycopg.connect(dsn) as connection:
            yield connection
    except psycopg.Error as error:
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BackupError(f"the database cannot be used: {told}") from None
