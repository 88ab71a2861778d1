"""How does a house get its lock keys back on a new card?

A backup holds lockd's folder: identity, lock keys, and its three SQLite files, copied while lockd
runs. The keys of the locks come back; the identity does not, for two devices that continue one
chain of facts would contradict each other: the new card claims the house anew, and what the old
one recorded lies beside in `former/`.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from edge_agent.errors import StopGranting
from edge_agent.store import audit, book, identity, locks, state
from edge_agent.store.audit import AuditStore
from edge_agent.store.fence import only_one
from portero.backups.archive import AboutHouse, Manifest, pack, private_folder, unpacked
from portero.backups.errors import BackupError
from portero.backups.findings import Finding

_KEYS = (identity.FILE, locks.KEY_FILE, locks.FILE)
# The audit comes last: it may know more than the others, never less.
_STORES = (book.FILE, state.FILE, audit.FILE)
_FORMER = "former"


def take(
    data: Path, *, recipients: Sequence[str], out: Path, now: datetime, software: str
) -> AboutHouse:
    """Write the backup to `out` while lockd runs. BackupError."""
    with private_folder(out.parent) as folder:
        for name in _KEYS:
            _copy_key(data / name, folder / name)
        for name in _STORES:
            _copy_store(data / name, folder / name)
        about = _look(folder)[0]
        manifest = Manifest.of(folder, about, made_at=now, software=software)
        pack(folder, manifest, out, recipients)
    return about


def load(data: Path, archive: Path, key: Path) -> Manifest:
    """Put the lock keys into a folder that has none, the rest beside. BackupError."""
    with unpacked(archive, key) as (folder, manifest):
        _require_house(archive, manifest)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with only_one(data):
                _put(folder, data)
        except StopGranting as error:
            raise BackupError(f"{data}: {error.reason}") from None
    return manifest


def verify(archive: Path, key: Path) -> tuple[Manifest, list[Finding]]:
    """Open everything that is inside. BackupError."""
    with unpacked(archive, key) as (folder, manifest):
        told = _require_house(archive, manifest)
        found, broken = _look(folder)
        chain = f"{found.facts_through} facts" if broken is None else f"fact {broken} is broken"
        return manifest, [
            Finding("identity", found.house == told.house, str(found.house)),
            Finding("lock keys", found.locks == told.locks, f"{found.locks} locks"),
            Finding("audit", broken is None and found == told, chain),
        ]


def _look(folder: Path) -> tuple[AboutHouse, int | None]:
    """What lies in a copy, and the first fact that does not follow."""
    try:
        me = identity.load(folder)
        kept = locks.load(folder)
        facts = AuditStore(folder, me.house)
    except StopGranting as error:
        raise BackupError(f"this house's folder is not sound: {error.reason}") from None
    with closing(facts):
        about = AboutHouse(house=me.house, locks=len(kept), facts_through=facts.head().sequence)
        return about, facts.first_break()


def _put(folder: Path, data: Path) -> None:
    if (data / identity.FILE).exists() or (data / locks.FILE).exists():
        raise BackupError(f"{data} belongs to a house already; move it away first")
    former = data / _FORMER
    former.mkdir(mode=0o700)
    for name in (*_KEYS, *_STORES):
        if (folder / name).exists():
            _copy_key(folder / name, former / name)
    locks.save(data, locks.load(former))


def _copy_key(source: Path, target: Path) -> None:
    try:
        content = source.read_bytes()
    except FileNotFoundError:
        if source.name in {locks.FILE, locks.KEY_FILE}:
            return  # a house without locks yet
        raise BackupError(f"{source} is not there: is this lockd's folder?") from None
    except OSError as error:
        raise BackupError(f"{source}: {error.strerror}") from None
    target.touch(mode=0o600)
    target.write_bytes(content)


def _copy_store(source: Path, target: Path) -> None:
    """As of one moment; lockd stays the only writer."""
    if not source.exists():
        return
    target.touch(mode=0o600)
    address = f"{source.resolve().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(address, uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
    except sqlite3.Error as error:
        raise BackupError(f"{source}: {error}") from None


def _require_house(archive: Path, manifest: Manifest) -> AboutHouse:
    if not isinstance(manifest.about, AboutHouse):
        raise BackupError(f"{archive} is the backup of a {manifest.about.kind}, not of a house")
    return manifest.about
