"""How are files remembered, taken, and forgotten?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, delete, select, text

from cloud_api.files.models import FileRow, StrayRow
from cloud_api.files.types import Endless, FileRef, MediaType, Parcel, Purpose, Resting, State
from cloud_api.kit.db import Session
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, scoped

LIVING: Final = (State.WAITING, State.STORED)
SORTING: Final[dict[str, Column]] = {"created_at": FileRow.created_at, "size": FileRow.size}
_REF = (
    "f.id, f.organisation_id, f.purpose, f.name, f.media_type, f.size, f.created_at, f.delete_at,"
    " f.client_id, f.reservation_id"
)
_KEEP = text(f"""
WITH kept AS (
    INSERT INTO files AS f (id, organisation_id, purpose, state, name, media_type, size,
        fingerprint, wrapped_key, object_name, client_id, reservation_id, delete_at, due_at)
    VALUES (:id, :organisation_id, :purpose, 'waiting', :name, :media_type, :size,
        :fingerprint, :wrapped_key, :object_name, :client_id, :reservation_id,
        now() + CAST(:delete_after AS interval), now())
    RETURNING {_REF}
), parcel AS (
    INSERT INTO file_parcels (file_id, sealed) SELECT id, :sealed FROM kept
)
SELECT * FROM kept
""")  # noqa: S608 - only our own column names
_RESTING = text(f"""
SELECT {_REF}, f.object_name, f.wrapped_key, p.sealed
FROM files AS f LEFT JOIN file_parcels AS p ON p.file_id = f.id
WHERE f.organisation_id = :organisation_id AND f.id = :id AND f.state IN ('waiting', 'stored')
""")  # noqa: S608 - only our own column names
_REMEMBERED = text(f"""
SELECT {_REF} FROM files AS f
WHERE f.organisation_id = :organisation_id AND f.fingerprint = :fingerprint
  AND f.purpose = :purpose AND f.state IN ('waiting', 'stored')
ORDER BY f.created_at LIMIT 1
""")  # noqa: S608 - only our own column names
# Without its key a content is noise: it is gone for readers at this moment, before any store is
# asked. A parcel still in the database goes at once.
_FORGET = text("""
WITH gone AS (
    UPDATE files SET state = 'forgetting', wrapped_key = NULL, fingerprint = NULL, name = '',
        client_id = NULL, reservation_id = NULL, tries = 0,
        due_at = CASE WHEN state = 'waiting' THEN greatest(due_at, now()) ELSE now() END
    WHERE id = ANY(:ids) AND organisation_id = :organisation_id
      AND state IN ('waiting', 'stored')
    RETURNING id
), parcels AS (
    DELETE FROM file_parcels WHERE file_id IN (SELECT id FROM gone)
)
SELECT id FROM gone
""")
_DUE = text("""
WITH due AS (
    SELECT id FROM files WHERE delete_at <= :now AND state IN ('waiting', 'stored')
    ORDER BY delete_at LIMIT :most FOR UPDATE SKIP LOCKED
), gone AS (
    UPDATE files AS f SET state = 'forgetting', wrapped_key = NULL, fingerprint = NULL, name = '',
        client_id = NULL, reservation_id = NULL, tries = 0,
        due_at = CASE WHEN state = 'waiting' THEN greatest(due_at, now()) ELSE now() END
    FROM due WHERE f.id = due.id
    RETURNING f.id
), parcels AS (
    DELETE FROM file_parcels WHERE file_id IN (SELECT id FROM gone)
)
SELECT id FROM gone
""")
_TAKE_PARCELS = text("""
WITH due AS (
    SELECT id FROM files WHERE state = 'waiting' AND due_at <= now()
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE files AS f SET due_at = now() + CAST(:lease AS interval), tries = f.tries + 1
    FROM due WHERE f.id = due.id RETURNING f.id, f.object_name, f.tries
)
SELECT t.id, t.object_name, t.tries, p.sealed FROM taken AS t
JOIN file_parcels AS p ON p.file_id = t.id
""")
# Whoever forgot the file while it travelled finds it among what is to be deleted.
_STORED = text("""
WITH arrived AS (
    UPDATE files SET due_at = CASE WHEN state = 'waiting' THEN NULL ELSE now() END, tries = 0,
        state = CASE WHEN state = 'waiting' THEN 'stored' ELSE 'forgetting' END
    WHERE id = :id RETURNING id
)
DELETE FROM file_parcels WHERE file_id IN (SELECT id FROM arrived)
""")
_AGAIN = text("UPDATE files SET due_at = now() + CAST(:wait AS interval) WHERE id = :id")
_TAKE_FORGOTTEN = text("""
WITH due AS (
    SELECT id FROM files WHERE state = 'forgetting' AND due_at <= now()
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE files AS f SET due_at = now() + CAST(:lease AS interval), tries = f.tries + 1
FROM due WHERE f.id = due.id RETURNING f.id, f.object_name, f.tries
""")
_GONE = text(
    "UPDATE files SET state = 'gone', gone_at = now(), due_at = NULL"
    " WHERE id = :id AND state = 'forgetting'"
)
_STRAYS = text("""
INSERT INTO file_strays (object_name)
SELECT w.found FROM unnest(CAST(:names AS text[])) AS w (found)
WHERE NOT EXISTS (SELECT FROM files AS f WHERE f.object_name = w.found AND f.state <> 'gone')
ON CONFLICT DO NOTHING
""")
_TAKE_STRAYS = text("""
WITH due AS (
    SELECT object_name FROM file_strays WHERE due_at <= now()
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE file_strays AS s SET due_at = now() + CAST(:lease AS interval)
FROM due WHERE s.object_name = due.object_name RETURNING s.object_name
""")
_BEGIN_SWEEP = text("""
INSERT INTO file_sweeps AS s (name, begun_at) VALUES ('store', :now)
ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at
WHERE s.begun_at <= excluded.begun_at - CAST(:every AS interval)
RETURNING true
""")
_LIMIT = text("""
UPDATE files SET delete_at = least(delete_at, :until)
WHERE organisation_id = :organisation_id AND reservation_id = :reservation_id
  AND purpose = :purpose AND state IN ('waiting', 'stored')
""")
# What is spared keeps its content and its end, not the name somebody gave it.
_UNNAME = text("""
UPDATE files SET name = purpose, client_id = NULL
WHERE organisation_id = :organisation_id AND id = ANY(:ids)
""")
_ENDLESS = text("""
SELECT DISTINCT organisation_id, reservation_id, purpose FROM files
WHERE delete_at IS NULL AND reservation_id IS NOT NULL AND state IN ('waiting', 'stored')
ORDER BY reservation_id, purpose LIMIT :most
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 0))")
_COUNT = text("""
SELECT count(*) FROM files WHERE organisation_id = :organisation_id AND purpose = :purpose
  AND reservation_id = :reservation_id AND state IN ('waiting', 'stored')
""")
_OF_PERSON = text(f"""
SELECT {_REF} FROM files AS f
WHERE f.organisation_id = :organisation_id AND f.state IN ('waiting', 'stored')
  AND (f.client_id = :client_id OR f.reservation_id = ANY(:reservation_ids))
ORDER BY f.created_at, f.id
""")  # noqa: S608 - only our own column names


async def keep(session: Session, values: dict[str, object]) -> FileRef:
    """A new file and its sealed parcel, in one statement."""
    return ref_of((await session.execute(_KEEP, values)).mappings().one())


async def resting(session: Session, organisation_id: UUID, file_id: UUID) -> Resting | None:
    """Where the content lies, and its wrapped key."""
    key = {"organisation_id": organisation_id, "id": file_id}
    row = (await session.execute(_RESTING, key)).mappings().first()
    if row is None:
        return None
    return Resting(ref_of(row), row["object_name"], row["wrapped_key"], row["sealed"])


async def remembered(
    session: Session, organisation_id: UUID, purpose: Purpose, fingerprint: bytes
) -> FileRef | None:
    """The living file with this very content."""
    key = {
        "organisation_id": organisation_id,
        "purpose": purpose.value,
        "fingerprint": fingerprint,
    }
    row = (await session.execute(_REMEMBERED, key)).mappings().first()
    return None if row is None else ref_of(row)


async def forget(session: Session, organisation_id: UUID, file_ids: Sequence[UUID]) -> list[UUID]:
    """Make these unreadable now; which of them were there."""
    key = {"organisation_id": organisation_id, "ids": list(file_ids)}
    return list((await session.execute(_FORGET, key)).scalars())


async def forget_due(session: Session, *, now: datetime, most: int) -> list[UUID]:
    """Make unreadable what may be kept no longer, of every tenant."""
    return list((await session.execute(_DUE, {"now": now, "most": most})).scalars())


async def take_parcels(session: Session, *, most: int, lease: timedelta) -> list[Parcel]:
    """Mark as begun what waits for the store."""
    rows = await session.execute(_TAKE_PARCELS, {"most": most, "lease": lease})
    return [Parcel(row.id, row.object_name, row.tries, row.sealed) for row in rows]


async def stored(session: Session, file_id: UUID) -> None:
    """The store has it."""
    await session.execute(_STORED, {"id": file_id})


async def again(session: Session, file_id: UUID, *, wait: timedelta) -> None:
    """The store did not do it: later."""
    await session.execute(_AGAIN, {"id": file_id, "wait": wait})


async def take_forgotten(session: Session, *, most: int, lease: timedelta) -> list[Parcel]:
    """Mark as begun what the store is to let go of."""
    rows = await session.execute(_TAKE_FORGOTTEN, {"most": most, "lease": lease})
    return [Parcel(row.id, row.object_name, row.tries, b"") for row in rows]


async def gone(session: Session, file_id: UUID) -> None:
    """The store has let go: the row is a tombstone from now on."""
    await session.execute(_GONE, {"id": file_id})


async def note_strays(session: Session, names: Sequence[str]) -> None:
    """Of these, remember for deletion what belongs to no file."""
    await session.execute(_STRAYS, {"names": list(names)})


async def begin_sweep(session: Session, *, now: datetime, every: timedelta) -> bool:
    """Is it time to look through the store, and ours to do?"""
    return await session.scalar(_BEGIN_SWEEP, {"now": now, "every": every}) is not None


async def take_strays(session: Session, *, most: int, lease: timedelta) -> list[str]:
    """Mark as begun what lies in the store without an owner."""
    rows = await session.execute(_TAKE_STRAYS, {"most": most, "lease": lease})
    return list(rows.scalars())


async def stray_gone(session: Session, name: str) -> None:
    """The store has let go of a stray."""
    await session.execute(delete(StrayRow).where(StrayRow.object_name == name))


async def limit(
    session: Session,
    organisation_id: UUID,
    reservation_id: UUID,
    purpose: Purpose,
    *,
    until: datetime,
) -> None:
    """A booking's files of this purpose are kept until then at the longest."""
    await session.execute(
        _LIMIT,
        {
            "organisation_id": organisation_id,
            "reservation_id": reservation_id,
            "purpose": purpose.value,
            "until": until,
        },
    )


async def unname(session: Session, organisation_id: UUID, file_ids: Sequence[UUID]) -> None:
    """Take the person out of what is said about these files."""
    await session.execute(_UNNAME, {"organisation_id": organisation_id, "ids": list(file_ids)})


async def endless(session: Session, *, most: int) -> list[Endless]:
    """Bookings with files whose end is not set, of every tenant."""
    rows = await session.execute(_ENDLESS, {"most": most})
    return [Endless(row.organisation_id, row.reservation_id, Purpose(row.purpose)) for row in rows]


async def count(
    session: Session, organisation_id: UUID, reservation_id: UUID, purpose: Purpose
) -> int:
    """How many a booking has; whoever else counts waits until the transaction ends."""
    await session.execute(_LOCK, {"place": f"files|{reservation_id}|{purpose}"})
    key = {
        "organisation_id": organisation_id,
        "reservation_id": reservation_id,
        "purpose": purpose.value,
    }
    return int(await session.scalar(_COUNT, key))


async def of_person(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> list[FileRef]:
    """The living files about a person or these bookings."""
    rows = await session.execute(
        _OF_PERSON,
        {
            "organisation_id": organisation_id,
            "client_id": client_id,
            "reservation_ids": list(reservation_ids),
        },
    )
    return [ref_of(row) for row in rows.mappings()]


async def find(session: Session, scope: Scope, file_id: UUID) -> FileRow | None:
    """One living file of the caller's."""
    statement = select(FileRow).where(FileRow.id == file_id, FileRow.state.in_(LIVING))
    found: FileRow | None = await session.scalar(scoped(statement, FileRow, scope))
    return found


async def page(
    session: Session,
    scope: Scope,
    window: Window,
    *,
    sort: str | None,
    purposes: Sequence[Purpose],
    reservation_id: UUID | None,
    client_id: UUID | None,
) -> tuple[list[FileRow], int]:
    """A page of the caller's living files of these purposes."""
    statement = scoped(select(FileRow), FileRow, scope).where(
        FileRow.state.in_(LIVING), FileRow.purpose.in_(purposes)
    )
    if reservation_id is not None:
        statement = statement.where(FileRow.reservation_id == reservation_id)
    if client_id is not None:
        statement = statement.where(FileRow.client_id == client_id)
    order = ordering(sort, SORTING, default="-created_at", last=FileRow.id.asc())
    return await read_page(session, statement, window, order=order)


def ref_of(row: RowMapping) -> FileRef:
    """A row as other rooms know it."""
    return FileRef(
        id=row["id"],
        organisation_id=row["organisation_id"],
        purpose=Purpose(row["purpose"]),
        name=row["name"],
        media_type=MediaType(row["media_type"]),
        size=row["size"],
        created_at=row["created_at"],
        delete_at=row["delete_at"],
        client_id=row["client_id"],
        reservation_id=row["reservation_id"],
    )
