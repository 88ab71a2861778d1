"""Which sessions, requests, delegations, PINs and small marks does lockd remember?"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from edge_agent.actions.keeping import KeptPin, KeptRequest, KeptSession
from edge_agent.doorkeeper import RequestState
from edge_agent.errors import StopGranting
from edge_agent.store.seals import Rows, Seals
from edge_agent.store.sqlite import Damaged, Shelf
from protocol.access import Window
from protocol.facts import PinState
from protocol.ids import CredentialId, GrantId, LockId, RequestId

FILE = "state.sqlite"

_MIGRATIONS = (
    """
    CREATE TABLE session (
        token_hash TEXT PRIMARY KEY, "grant" TEXT NOT NULL, generation INTEGER NOT NULL,
        expires_at TEXT NOT NULL) STRICT;
    CREATE INDEX session_grant ON session ("grant", expires_at);
    CREATE TABLE request (
        request TEXT PRIMARY KEY, parent TEXT NOT NULL, secret_hash TEXT NOT NULL UNIQUE,
        name_box TEXT NOT NULL, wants TEXT NOT NULL, rights TEXT NOT NULL, state TEXT NOT NULL,
        asked_at TEXT NOT NULL, expires_at TEXT NOT NULL, delegation TEXT) STRICT;
    CREATE INDEX request_parent ON request (parent, asked_at);
    CREATE TABLE delegation (
        delegation TEXT PRIMARY KEY, frame BLOB NOT NULL, ended TEXT) STRICT;
    CREATE TABLE pin (
        credential TEXT NOT NULL, lock TEXT NOT NULL, fingerprint TEXT NOT NULL,
        "grant" TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL, box TEXT NOT NULL,
        wanted INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT, tries INTEGER NOT NULL,
        next_try TEXT NOT NULL, PRIMARY KEY (credential, lock, fingerprint)) STRICT;
    CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE heard (request TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT
    """,
    """
    ALTER TABLE pin ADD COLUMN touched INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE pin ADD COLUMN held_starts TEXT;
    ALTER TABLE pin ADD COLUMN held_ends TEXT;
    ALTER TABLE pin ADD COLUMN ended_at TEXT
    """,
    """
    ALTER TABLE session ADD COLUMN seal TEXT NOT NULL DEFAULT '';
    ALTER TABLE request ADD COLUMN seal TEXT NOT NULL DEFAULT '';
    ALTER TABLE delegation ADD COLUMN seal TEXT NOT NULL DEFAULT '';
    ALTER TABLE pin ADD COLUMN seal TEXT NOT NULL DEFAULT '';
    ALTER TABLE mark ADD COLUMN seal TEXT NOT NULL DEFAULT '';
    ALTER TABLE heard ADD COLUMN seal TEXT NOT NULL DEFAULT ''
    """,
)

_SESSION = Rows("session", "token_hash grant generation expires_at")
_REQUEST = Rows(
    "request",
    "request parent secret_hash name_box wants rights state asked_at expires_at delegation",
)
_DELEGATION = Rows("delegation", "delegation frame ended")
_PIN = Rows(
    "pin",
    "credential lock fingerprint grant starts ends box wanted state reason tries next_try"
    " touched held_starts held_ends ended_at",
)
_MARK = Rows("mark", "name value")
_HEARD = Rows("heard", "request until")
_ALL = (_SESSION, _REQUEST, _DELEGATION, _PIN, _MARK, _HEARD)


class StateStore:
    """Opens the file; its parts are the shelves of `edge_agent.actions.keeping`.

    `key` seals the rows. `dropped` tells how many rows of which table were not what was written:
    people sign in again, and what the cloud or the audit knows comes back from there.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        shelf = Shelf(folder / FILE, _MIGRATIONS)
        seals = Seals(key)
        self.dropped = _looked_through(shelf, seals)
        self.sessions = SessionTable(shelf, seals)
        self.requests = RequestTable(shelf, seals)
        self.delegations = DelegationTable(shelf, seals)
        self.pins = PinTable(shelf, seals)
        self.marks = MarkTable(shelf, seals)
        self.close = shelf.close


def _looked_through(shelf: Shelf, seals: Seals) -> dict[str, int]:
    try:
        found = {each.table: seals.look_through(shelf, each) for each in _ALL}
    except StopGranting as error:
        shelf.close()
        raise Damaged(error.reason, str(error)) from None
    return {table: count for table, count in found.items() if count}


class SessionTable:
    """See Sessions."""

    def __init__(self, shelf: Shelf, seals: Seals) -> None:
        self._shelf = shelf
        self._seals = seals

    def find(self, token_hash: str) -> KeptSession | None:
        """See Sessions."""
        read = self._seals.checked(_SESSION, _session)
        return self._shelf.one(read, _SESSION.select + "WHERE token_hash = ?", (token_hash,))

    def put(self, session: KeptSession, *, keep_newest: int) -> None:
        """See Sessions."""
        grant = str(session.grant)
        values = (session.token_hash, grant, session.generation, _text(session.expires_at))
        with self._shelf.transaction() as db:
            db.execute(_SESSION.insert(), self._seals.sealed(_SESSION, values))
            db.execute(
                """DELETE FROM session WHERE "grant" = ? AND rowid NOT IN (
                    SELECT rowid FROM session WHERE "grant" = ? ORDER BY rowid DESC LIMIT ?)""",
                (grant, grant, keep_newest),
            )

    def drop(self, token_hash: str) -> None:
        """See Sessions."""
        with self._shelf.transaction() as db:
            db.execute("DELETE FROM session WHERE token_hash = ?", (token_hash,))

    def sweep(self, before: datetime) -> None:
        """See Sessions."""
        with self._shelf.transaction() as db:
            db.execute("DELETE FROM session WHERE expires_at <= ?", (_text(before),))


class RequestTable:
    """See Requests."""

    def __init__(self, shelf: Shelf, seals: Seals) -> None:
        self._shelf = shelf
        self._seals = seals

    def find(self, request: RequestId) -> KeptRequest | None:
        """See Requests."""
        return self._shelf.one(self._read(), _REQUEST.select + "WHERE request = ?", (str(request),))

    def by_secret(self, secret_hash: str) -> KeptRequest | None:
        """See Requests."""
        where = "WHERE secret_hash = ?"
        return self._shelf.one(self._read(), _REQUEST.select + where, (secret_hash,))

    def of_parent(self, parent: GrantId) -> Sequence[KeptRequest]:
        """See Requests."""
        where = "WHERE parent = ? ORDER BY asked_at DESC, rowid DESC LIMIT 100"
        return self._shelf.all(self._read(), _REQUEST.select + where, (str(parent),))

    def put(self, request: KeptRequest) -> None:
        """See Requests."""
        values = (
            str(request.request),
            str(request.parent),
            request.secret_hash,
            request.name_box,
            json.dumps(request.wants),
            json.dumps(request.rights),
            request.state.value,
            _text(request.asked_at),
            _text(request.expires_at),
            None if request.delegation is None else str(request.delegation),
        )
        with self._shelf.transaction() as db:
            sealed = self._seals.sealed(_REQUEST, values)
            db.execute(_REQUEST.insert("INSERT OR REPLACE"), sealed)

    def sweep(self, before: datetime) -> None:
        """See Requests."""
        with self._shelf.transaction() as db:
            db.execute("DELETE FROM request WHERE asked_at < ?", (_text(before),))

    def _read(self) -> Callable[..., KeptRequest]:
        return self._seals.checked(_REQUEST, _request)


class DelegationTable:
    """See Delegations."""

    def __init__(self, shelf: Shelf, seals: Seals) -> None:
        self._shelf = shelf
        self._seals = seals

    def living(self) -> Mapping[GrantId, bytes]:
        """See Delegations."""
        rows = self._all()
        return {_grant(key): frame for key, frame, ended in rows if ended is None}

    def ended(self) -> frozenset[GrantId]:
        """See Delegations."""
        return frozenset(_grant(key) for key, _, ended in self._all() if ended is not None)

    def put(self, delegation: GrantId, frame: bytes) -> None:
        """See Delegations."""
        with self._shelf.transaction() as db:
            sealed = self._seals.sealed(_DELEGATION, (str(delegation), frame, None))
            db.execute(_DELEGATION.insert("INSERT OR IGNORE"), sealed)

    def end(self, delegation: GrantId, reason: str) -> None:
        """See Delegations."""
        frames = {key: frame for key, frame, _ in self._all()}
        if str(delegation) not in frames:
            return
        values = (str(delegation), frames[str(delegation)], reason)
        with self._shelf.transaction() as db:
            sealed = self._seals.sealed(_DELEGATION, values)
            db.execute(_DELEGATION.insert("INSERT OR REPLACE"), sealed)

    def _all(self) -> list[tuple[str, bytes, str | None]]:
        return self._shelf.all(self._seals.checked(_DELEGATION, _delegation), _DELEGATION.select)


class PinTable:
    """See Pins."""

    def __init__(self, shelf: Shelf, seals: Seals) -> None:
        self._shelf = shelf
        self._seals = seals

    def at_lock(self, lock: LockId) -> Sequence[KeptPin]:
        """See Pins."""
        where = "WHERE lock = ? ORDER BY starts"
        return self._shelf.all(self._read(), _PIN.select + where, (str(lock),))

    def of_grant(self, grant: GrantId) -> Sequence[KeptPin]:
        """See Pins."""
        where = 'WHERE "grant" = ? ORDER BY starts'
        return self._shelf.all(self._read(), _PIN.select + where, (str(grant),))

    def put(self, pin: KeptPin) -> None:
        """See Pins."""
        values = (
            str(pin.credential),
            str(pin.lock),
            pin.fingerprint,
            str(pin.grant),
            _text(pin.starts),
            _text(pin.ends),
            pin.box,
            int(pin.wanted),
            pin.state.value,
            pin.reason,
            pin.tries,
            _text(pin.next_try),
            int(pin.touched),
            None if pin.held is None else _text(pin.held.starts),
            None if pin.held is None else _text(pin.held.ends),
            None if pin.ended_at is None else _text(pin.ended_at),
        )
        with self._shelf.transaction() as db:
            db.execute(_PIN.insert("INSERT OR REPLACE"), self._seals.sealed(_PIN, values))

    def drop(self, pin: KeptPin) -> None:
        """See Pins."""
        query = "DELETE FROM pin WHERE credential = ? AND lock = ? AND fingerprint = ?"
        with self._shelf.transaction() as db:
            db.execute(query, (str(pin.credential), str(pin.lock), pin.fingerprint))

    def _read(self) -> Callable[..., KeptPin]:
        return self._seals.checked(_PIN, _pin)


class MarkTable:
    """See Marks."""

    def __init__(self, shelf: Shelf, seals: Seals) -> None:
        self._shelf = shelf
        self._seals = seals

    def get(self, name: str) -> str | None:
        """See Marks."""
        read = self._seals.checked(_MARK, lambda _name, value: str(value))
        return self._shelf.one(read, _MARK.select + "WHERE name = ?", (name,))

    def set(self, name: str, value: str) -> None:
        """See Marks."""
        with self._shelf.transaction() as db:
            sealed = self._seals.sealed(_MARK, (name, value))
            db.execute(_MARK.insert("INSERT OR REPLACE"), sealed)

    def hear(self, request: RequestId, *, until: datetime, now: datetime) -> bool:
        """See Marks."""
        sealed = self._seals.sealed(_HEARD, (str(request), _text(until)))
        with self._shelf.transaction() as db:
            db.execute("DELETE FROM heard WHERE until <= ?", (_text(now),))
            added = db.execute(_HEARD.insert("INSERT OR IGNORE"), sealed)
        return int(added.rowcount) == 1


def _session(token_hash: str, grant: str, generation: int, expires_at: str) -> KeptSession:
    return KeptSession(token_hash, _grant(grant), generation, datetime.fromisoformat(expires_at))


def _delegation(delegation: str, frame: bytes, ended: str | None) -> tuple[str, bytes, str | None]:
    return delegation, bytes(frame), ended


def _request(  # noqa: PLR0917 - the columns of a row, in order
    request: str,
    parent: str,
    secret_hash: str,
    name_box: str,
    wants: str,
    rights: str,
    state: str,
    asked_at: str,
    expires_at: str,
    delegation: str | None,
) -> KeptRequest:
    return KeptRequest(
        request=RequestId(UUID(request)),
        parent=_grant(parent),
        secret_hash=secret_hash,
        name_box=name_box,
        wants=tuple(json.loads(wants)),
        rights=tuple(json.loads(rights)),
        state=RequestState(state),
        asked_at=datetime.fromisoformat(asked_at),
        expires_at=datetime.fromisoformat(expires_at),
        delegation=None if delegation is None else _grant(delegation),
    )


def _pin(  # noqa: PLR0917 - the columns of a row, in order
    credential: str,
    lock: str,
    fingerprint: str,
    grant: str,
    starts: str,
    ends: str,
    box: str,
    wanted: int,
    state: str,
    reason: str | None,
    tries: int,
    next_try: str,
    touched: int,
    held_starts: str | None,
    held_ends: str | None,
    ended_at: str | None,
) -> KeptPin:
    return KeptPin(
        credential=CredentialId(UUID(credential)),
        lock=LockId(UUID(lock)),
        fingerprint=fingerprint,
        grant=_grant(grant),
        starts=datetime.fromisoformat(starts),
        ends=datetime.fromisoformat(ends),
        box=box,
        wanted=bool(wanted),
        state=PinState(state),
        reason=reason,
        tries=tries,
        next_try=datetime.fromisoformat(next_try),
        touched=bool(touched),
        held=_window(held_starts, held_ends),
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
    )


def _window(starts: str | None, ends: str | None) -> Window | None:
    if starts is None or ends is None:
        return None
    return Window(starts=datetime.fromisoformat(starts), ends=datetime.fromisoformat(ends))


def _grant(text: str) -> GrantId:
    return GrantId(UUID(text))


def _text(moment: datetime) -> str:
    """Sorts as it reads: always UTC, always microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
