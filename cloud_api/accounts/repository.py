"""How are accounts read and written?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from cloud_api.accounts.models import ApiKeyRow, OrganisationRow, SessionRow, StaffRow
from cloud_api.accounts.types import Role
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.models import AuditRow
from cloud_api.kit.paging import Column, Window, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped

STAFF_SORTING: dict[str, Column] = {
    "name": StaffRow.name,
    "email": StaffRow.email,
    "role": StaffRow.role,
    "created_at": StaffRow.created_at,
}
STAFF_LAST: Column = StaffRow.id.asc()

_FIND_SESSION = text("""
SELECT s.id, s.organisation_id, s.staff_id AS principal_id, p.role, s.last_seen_at AS seen_at
FROM staff_sessions s JOIN staff p ON p.id = s.staff_id
WHERE s.token_hash = :token_hash AND s.expires_at > :now AND p.active
""")
_FIND_KEY = text("""
SELECT id, organisation_id, id AS principal_id, role, last_used_at AS seen_at
FROM api_keys WHERE token_hash = :token_hash AND revoked_at IS NULL
""")
# SKIP LOCKED: a busy session never makes its own requests wait for one another.
_TOUCH_SESSION = text("""
UPDATE staff_sessions SET last_seen_at = :now, expires_at = least(:until, created_at + :longest)
WHERE id = (SELECT id FROM staff_sessions WHERE id = :id FOR UPDATE SKIP LOCKED)
""")
_TOUCH_KEY = text("""
UPDATE api_keys SET last_used_at = :now
WHERE id = (SELECT id FROM api_keys WHERE id = :id FOR UPDATE SKIP LOCKED)
""")
_LOCK_BOOTSTRAP = text("SELECT pg_advisory_xact_lock(7220481932)")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token this is."""

    id: UUID
    organisation_id: UUID
    principal_id: UUID
    role: Role
    seen_at: datetime | None


async def find_session(session: Session, *, token_hash: bytes, now: datetime) -> Bearer | None:
    """The live session of this token."""
    row = (
        (await session.execute(_FIND_SESSION, {"token_hash": token_hash, "now": now}))
        .mappings()
        .first()
    )
    return None if row is None else _bearer(row)


async def find_key(session: Session, *, token_hash: bytes) -> Bearer | None:
    """The live API key of this token."""
    row = (await session.execute(_FIND_KEY, {"token_hash": token_hash})).mappings().first()
    return None if row is None else _bearer(row)


async def touch_session(
    session: Session, *, bearer_id: UUID, now: datetime, until: datetime, longest: timedelta
) -> None:
    """Slide the session's end, unless another request is doing so."""
    await session.execute(
        _TOUCH_SESSION, {"id": bearer_id, "now": now, "until": until, "longest": longest}
    )


async def touch_key(session: Session, *, bearer_id: UUID, now: datetime) -> None:
    """Note that the key is in use, unless another request is doing so."""
    await session.execute(_TOUCH_KEY, {"id": bearer_id, "now": now})


async def lock_bootstrap(session: Session) -> None:
    """Let one process at a time make the first owner."""
    await session.execute(_LOCK_BOOTSTRAP)


async def lock_organisation(session: Session, scope: Scope) -> None:
    """Let one change of owners at a time happen in this organisation."""
    await session.execute(
        select(OrganisationRow.id)
        .where(OrganisationRow.id == scope.organisation_id)
        .with_for_update()
    )


async def insert_staff(session: Session, row: StaffRow) -> bool:
    """Insert, or answer False when the address is taken."""
    values = {
        "id": row.id,
        "organisation_id": row.organisation_id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "password_hash": row.password_hash,
    }
    made = await session.scalar(
        insert(StaffRow)
        .values(values)
        .on_conflict_do_nothing(index_elements=[StaffRow.email])
        .returning(StaffRow.id)
    )
    return made is not None


async def staff_by_email(session: Session, email: str) -> StaffRow | None:
    """Whose address this is, in whatever organisation."""
    return await session.scalar(
        across_tenants(
            select(StaffRow).where(StaffRow.email == email.strip().lower()),
            because="before a log-in the organisation is not known",
        )
    )


async def staff(session: Session, scope: Scope, staff_id: UUID) -> StaffRow | None:
    """One member of staff."""
    return await session.scalar(
        scoped(select(StaffRow).where(StaffRow.id == staff_id), StaffRow, scope)
    )


async def roles_among(session: Session, staff_ids: Sequence[UUID]) -> dict[UUID, Role]:
    """The roles of those of these people who may log in, whosever staff they are."""
    statement = select(StaffRow.id, StaffRow.role).where(
        StaffRow.id.in_(staff_ids), StaffRow.active
    )
    rows = await session.execute(
        across_tenants(statement, because="the clock serves every organisation")
    )
    return {staff_id: Role(role) for staff_id, role in rows}


async def staff_page(
    session: Session, scope: Scope, window: Window, order: Sequence[Column]
) -> tuple[list[StaffRow], int]:
    """A page of the staff."""
    return await read_page(session, scoped(select(StaffRow), StaffRow, scope), window, order=order)


async def other_owners(session: Session, scope: Scope, staff_id: UUID) -> int:
    """How many active owners there are beside this one."""
    statement = select(func.count()).where(
        StaffRow.role == Role.OWNER, StaffRow.active, StaffRow.id != staff_id
    )
    return await session.scalar(scoped(statement, StaffRow, scope)) or 0


async def delete_sessions(
    session: Session, scope: Scope, staff_id: UUID, *, but: bytes | None = None
) -> None:
    """End every session of this person, but the one of this token hash."""
    statement = delete(SessionRow).where(SessionRow.staff_id == staff_id)
    if but is not None:
        statement = statement.where(SessionRow.token_hash != but)
    await session.execute(scoped(statement, SessionRow, scope))


async def delete_session(session: Session, scope: Scope, token_hash: bytes) -> None:
    """End one session."""
    statement = delete(SessionRow).where(SessionRow.token_hash == token_hash)
    await session.execute(scoped(statement, SessionRow, scope))


async def delete_expired_sessions(session: Session, *, now: datetime) -> None:
    """Forget sessions that have ended by themselves."""
    statement = delete(SessionRow).where(SessionRow.expires_at <= now)
    await session.execute(across_tenants(statement, because="the clock serves every tenant"))


async def delete_every_session(session: Session) -> None:
    """Log everybody out."""
    statement = delete(SessionRow)
    await session.execute(across_tenants(statement, because="a restored database serves them all"))


async def keys_page(session: Session, scope: Scope, window: Window) -> tuple[list[ApiKeyRow], int]:
    """A page of the keys, newest first."""
    return await read_page(
        session,
        scoped(select(ApiKeyRow), ApiKeyRow, scope),
        window,
        order=[ApiKeyRow.created_at.desc(), ApiKeyRow.id.asc()],
    )


async def api_key(session: Session, scope: Scope, key_id: UUID) -> ApiKeyRow | None:
    """One key."""
    return await session.scalar(
        scoped(select(ApiKeyRow).where(ApiKeyRow.id == key_id), ApiKeyRow, scope)
    )


async def revoke_key(session: Session, scope: Scope, key_id: UUID, *, at: datetime) -> None:
    """Revoke a key; the first time counts."""
    statement = (
        update(ApiKeyRow)
        .where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    await session.execute(scoped(statement, ApiKeyRow, scope))


async def organisation(session: Session, scope: Scope) -> OrganisationRow:
    """The caller's own organisation."""
    found = await session.scalars(
        select(OrganisationRow).where(OrganisationRow.id == scope.organisation_id)
    )
    return found.one()


async def organisation_name(session: Session, organisation_id: UUID) -> str:
    """What the tenant calls itself; empty for an unknown one."""
    statement = select(OrganisationRow.name).where(OrganisationRow.id == organisation_id)
    return await session.scalar(statement) or ""


async def audit_page(
    session: Session, scope: Scope, window: Window, *, object_id: str | None, action: Deed | None
) -> tuple[list[AuditRow], int]:
    """A page of the record, newest first."""
    statement = scoped(select(AuditRow), AuditRow, scope)
    if object_id is not None:
        statement = statement.where(AuditRow.object_id == object_id)
    if action is not None:
        statement = statement.where(AuditRow.action == action)
    return await read_page(session, statement, window, order=[AuditRow.id.desc()])


def _bearer(row: RowMapping) -> Bearer:
    return Bearer(
        id=row["id"],
        organisation_id=row["organisation_id"],
        principal_id=row["principal_id"],
        role=Role(row["role"]),
        seen_at=row["seen_at"],
    )
