"""How are codes, sessions, passwords and links of clients read and written?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, delete, select, text

from cloud_api.clients.models import AccountRow, CodeRow, MemberSessionRow
from cloud_api.clients.types import CODE_TRIES, CodePurpose, ContactKind
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants

_OWN = "the person and the organisation are named"
_OWNER = text("""
SELECT c.client_id FROM client_contacts AS c JOIN clients AS p ON p.id = c.client_id
WHERE c.organisation_id = :organisation_id AND c.kind = ANY(:kinds) AND c.value = :value
    AND NOT c.hearsay AND p.archived_at IS NULL
ORDER BY c.kind LIMIT 1
""")
# Counted before it is compared, whoever else tries at the same moment.
_TRY = text(f"""
UPDATE client_codes SET tries = tries + 1
WHERE id = :id AND purpose = :purpose AND used_at IS NULL AND expires_at > :now
    AND tries < {CODE_TRIES}
RETURNING organisation_id, channel, contact, language, client_id, code_hash
""")  # noqa: S608 - a number of ours
_USE = text("UPDATE client_codes SET used_at = :now WHERE id = :id AND used_at IS NULL")
_WRITE_CODE = text("""
UPDATE client_codes SET code_hash = :code_hash, expires_at = :expires_at
WHERE id = :id AND code_hash IS NULL AND used_at IS NULL
RETURNING true
""")
_MEMBER = text("""
SELECT s.id, s.client_id, s.organisation_id, p.visits, p.super_at IS NOT NULL AS is_super
FROM client_sessions AS s JOIN clients AS p ON p.id = s.client_id
WHERE s.token_hash = :token_hash AND s.expires_at > :now AND p.archived_at IS NULL
""")
_PASSWORD = text("""
INSERT INTO client_accounts (client_id, organisation_id, password_hash)
VALUES (:client_id, :organisation_id, :password_hash)
ON CONFLICT (client_id) DO UPDATE SET password_hash = excluded.password_hash
""")
_LINK = text("""
INSERT INTO client_accounts (client_id, organisation_id, facebook_id, facebook_name,
    facebook_linked_at)
SELECT CAST(:client_id AS uuid), CAST(:organisation_id AS uuid), CAST(:facebook_id AS text),
    CAST(:name AS text), CAST(:now AS timestamptz)
WHERE NOT EXISTS (SELECT FROM client_accounts WHERE organisation_id = :organisation_id
    AND facebook_id = :facebook_id AND client_id <> :client_id)
ON CONFLICT (client_id) DO UPDATE SET facebook_id = excluded.facebook_id,
    facebook_name = excluded.facebook_name, facebook_linked_at = excluded.facebook_linked_at
RETURNING true
""")
_UNLINK = text("""
UPDATE client_accounts SET facebook_id = NULL, facebook_name = NULL, facebook_linked_at = NULL
WHERE organisation_id = :organisation_id AND client_id = :client_id
""")
# A contact somebody has proven is theirs, not of those about whom a booking only said so.
_RELEASE = text("""
DELETE FROM client_contacts WHERE organisation_id = :organisation_id AND kind = ANY(:kinds)
AND value = :value AND hearsay AND client_id IS DISTINCT FROM CAST(:client_id AS uuid)
""")
_TIDY_CODES = text("DELETE FROM client_codes WHERE expires_at < :before")
_TIDY_SESSIONS = text("DELETE FROM client_sessions WHERE expires_at < :now")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose session it is."""

    id: UUID
    client_id: UUID
    organisation_id: UUID
    visits: int
    is_super: bool


async def owner(
    session: Session, organisation_id: UUID, kinds: Sequence[ContactKind], value: str
) -> UUID | None:
    """Whose contact this surely is; nobody's while it is hearsay."""
    key = {"organisation_id": organisation_id, "kinds": list(kinds), "value": value}
    found: UUID | None = await session.scalar(_OWNER, key)
    return found


async def release(
    session: Session,
    organisation_id: UUID,
    kinds: Sequence[ContactKind],
    value: str,
    *,
    but: UUID | None = None,
) -> None:
    """Take a contact from those of whom it was only said, `but` from this one."""
    key = {
        "organisation_id": organisation_id,
        "kinds": list(kinds),
        "value": value,
        "client_id": but,
    }
    await session.execute(_RELEASE, key)


async def code(session: Session, code_id: UUID) -> CodeRow | None:
    """One that was asked for."""
    statement = select(CodeRow).where(CodeRow.id == code_id).with_for_update()
    return await session.scalar(across_tenants(statement, because="the reaction serves everybody"))


async def organisation_of(session: Session, code_id: UUID) -> UUID | None:
    """Of which organisation it was asked."""
    statement = select(CodeRow.organisation_id).where(CodeRow.id == code_id)
    return await session.scalar(across_tenants(statement, because="nobody has signed in yet"))


async def write_code(
    session: Session, code_id: UUID, *, code_hash: bytes, expires_at: datetime
) -> bool:
    """Keep the hash of the code that goes out now; False when one went out before."""
    values = {"id": code_id, "code_hash": code_hash, "expires_at": expires_at}
    return await session.scalar(_WRITE_CODE, values) is not None


async def count_try(
    session: Session, code_id: UUID, purpose: CodePurpose, *, now: datetime
) -> RowMapping | None:
    """The code if it may still be tried; this try is counted."""
    key = {"id": code_id, "purpose": purpose.value, "now": now}
    statement = across_tenants(_TRY, because="a code's id is told to one person")
    return (await session.execute(statement, key)).mappings().first()


async def use(session: Session, code_id: UUID, *, now: datetime) -> None:
    """It worked, and works no more."""
    await session.execute(_USE, {"id": code_id, "now": now})


async def bearer(session: Session, token_hash: bytes, *, now: datetime) -> Bearer | None:
    """Whose session this token opens."""
    key = {"token_hash": token_hash, "now": now}
    row = (await session.execute(_MEMBER, key)).mappings().first()
    return None if row is None else Bearer(**row)


async def end_session(session: Session, organisation_id: UUID, session_id: UUID) -> None:
    """One session ends."""
    statement = delete(MemberSessionRow).where(
        MemberSessionRow.id == session_id, MemberSessionRow.organisation_id == organisation_id
    )
    await session.execute(across_tenants(statement, because=_OWN))


async def end_sessions(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """Every session of the person ends."""
    statement = delete(MemberSessionRow).where(
        MemberSessionRow.client_id == client_id, MemberSessionRow.organisation_id == organisation_id
    )
    await session.execute(across_tenants(statement, because=_OWN))


async def account(session: Session, organisation_id: UUID, client_id: UUID) -> AccountRow | None:
    """What the person may sign in with."""
    statement = select(AccountRow).where(
        AccountRow.client_id == client_id, AccountRow.organisation_id == organisation_id
    )
    return await session.scalar(across_tenants(statement, because=_OWN))


async def set_password(
    session: Session, organisation_id: UUID, client_id: UUID, password_hash: str
) -> None:
    """From now on this one."""
    key = {"organisation_id": organisation_id, "client_id": client_id}
    await session.execute(_PASSWORD, {**key, "password_hash": password_hash})


async def link(
    session: Session,
    organisation_id: UUID,
    client_id: UUID,
    *,
    facebook_id: str,
    name: str,
    now: datetime,
) -> bool:
    """Remember who they are at Facebook; False when that is another client."""
    key = {"organisation_id": organisation_id, "client_id": client_id, "now": now}
    made = await session.scalar(_LINK, {**key, "facebook_id": facebook_id, "name": name})
    return made is not None


async def unlink(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """Forget who they are there."""
    key = {"organisation_id": organisation_id, "client_id": client_id}
    await session.execute(_UNLINK, key)


async def tidy(session: Session, *, now: datetime, codes_before: datetime) -> None:
    """Drop what has no use any more."""
    await session.execute(_TIDY_CODES, {"before": codes_before})
    await session.execute(_TIDY_SESSIONS, {"now": now})
