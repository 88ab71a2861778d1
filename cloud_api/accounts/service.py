"""Who is calling, and how do people and programs get in?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import SecretStr

from cloud_api.accounts import repository
from cloud_api.accounts.errors import WrongCredentials
from cloud_api.accounts.models import OrganisationRow, SessionRow, StaffRow
from cloud_api.accounts.rules import permissions_of
from cloud_api.accounts.types import Leader, Permission, Role
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errors import TooManyAttempts, Unauthenticated
from cloud_api.kit.ids import new_id, new_secret
from cloud_api.kit.passwords import hash_password, verify_password
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.kit.throttle import Limit, Throttle

SESSION_PREFIX = "pts_"
KEY_PREFIX = "ptk_"
SESSION_LIFETIME = timedelta(hours=12)
SESSION_LONGEST = timedelta(days=30)
# Written at most this often: a read must not become a write on every request.
TOUCH_EVERY = timedelta(minutes=10)
# A stranger who guesses shuts out the own address, not the person; all addresses together are
# counted too, so widely that a single house or office cannot reach it for anybody.
LOGINS_PER_ACCOUNT = Limit(attempts=10, window=timedelta(minutes=15))
LOGINS_PER_ACCOUNT_ANYWHERE = Limit(attempts=300, window=timedelta(hours=1))
LOGINS_PER_ADDRESS = Limit(attempts=30, window=timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class OwnerEnsured:
    """The owner's account, and whether it had to be made."""

    created: bool
    organisation_id: UUID
    staff_id: UUID


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session's secret; it cannot be shown again."""

    token: str
    expires_at: datetime


async def authenticate(session: Session, header: str | None, clock: Clock) -> Scope:
    """The scope of this `Authorization` header. Raises Unauthenticated."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    if token.startswith(KEY_PREFIX):
        return await _key_scope(session, token, clock.utc_now())
    if token.startswith(SESSION_PREFIX):
        return await _session_scope(session, token, clock.utc_now())
    raise Unauthenticated


async def log_in(
    session: Session,
    throttle: Throttle,
    *,
    email: str,
    password: SecretStr,
    address: str,
    now: datetime,
) -> tuple[OpenedSession, StaffRow]:
    """Open a session for a member of staff.

    Raises TooManyAttempts, counted per address, alone and with the account, even when refused; or
    WrongCredentials, which takes as long and says the same for an unknown address.
    """
    await _count_attempt(throttle, email=email, address=address)
    person = await repository.staff_by_email(session, email)
    known = person.password_hash if person is not None and person.active else None
    if not await verify_password(password, known) or person is None:
        raise WrongCredentials
    opened = await open_session(session, person, now=now)
    scope = _staff_scope(person)
    await audit.record(
        session, scope, action=Deed.LOGGED_IN, object_type="staff", object_id=person.id
    )
    return opened, person


async def staff_permissions(
    session: Session, scope: Scope, staff_id: UUID
) -> frozenset[Permission] | None:
    """What this member of the caller's staff may do; None for nobody who may log in."""
    person = await repository.staff(session, scope, staff_id)
    return permissions_of(person.role) if person is not None and person.active else None


async def permissions_of_staff(
    session: Session, staff_ids: Sequence[UUID]
) -> dict[UUID, frozenset[Permission]]:
    """What these people, of any organisation, may do; who may not log in (any more) is missing."""
    roles = await repository.roles_among(session, staff_ids)
    return {staff_id: permissions_of(role) for staff_id, role in roles.items()}


async def leaders(session: Session, organisation_id: UUID) -> list[Leader]:
    """The organisation's owners and managers who may log in, the longest there first."""
    return await repository.leaders(session, organisation_id)


async def open_session(session: Session, person: StaffRow, *, now: datetime) -> OpenedSession:
    """A new session for a person already known to be who they say."""
    token = new_secret(prefix=SESSION_PREFIX)
    row = SessionRow(
        id=new_id(),
        organisation_id=person.organisation_id,
        staff_id=person.id,
        token_hash=token_hash(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LIFETIME,
    )
    session.add(row)
    await session.flush()
    return OpenedSession(token=token, expires_at=row.expires_at)


async def log_out(session: Session, scope: Scope, header: str) -> None:
    """End the session this request came with; an API key has none to end."""
    await repository.delete_session(session, scope, token_hash(header.partition(" ")[2].strip()))
    await audit.record(
        session,
        scope,
        action=Deed.LOGGED_OUT,
        object_type=str(scope.kind),
        object_id=scope.principal_id,
    )


async def end_every_session(session: Session) -> None:
    """After a restored backup: sessions that were ended since must not live again."""
    await repository.delete_every_session(session)


async def change_password(
    session: Session, scope: Scope, *, current: SecretStr, new: SecretStr, header: str
) -> None:
    """Change the caller's own password; all other sessions of theirs end.

    Raises WrongCredentials, also for an API key, which has no password.
    """
    person = await repository.staff(session, scope, scope.principal_id)
    known = person.password_hash if person is not None else None
    if not await verify_password(current, known) or person is None:
        raise WrongCredentials
    person.password_hash = await hash_password(new)
    this = token_hash(header.partition(" ")[2].strip())
    await repository.delete_sessions(session, scope, person.id, but=this)
    await audit.record(
        session, scope, action=Deed.PASSWORD_CHANGED, object_type="staff", object_id=person.id
    )


async def ensure_owner(
    session: Session, *, email: str, password: SecretStr, organisation: str, name: str = "Owner"
) -> OwnerEnsured:
    """The owner of this address, made with a new organisation when missing.

    Running it again changes nothing, not even the password; safe from many processes at once.
    """
    await repository.lock_bootstrap(session)
    found = await repository.staff_by_email(session, email)
    if found is not None:
        return OwnerEnsured(False, found.organisation_id, found.id)
    tenant = OrganisationRow(id=new_id(), name=organisation)
    session.add(tenant)
    await session.flush()
    person = StaffRow(
        id=new_id(),
        organisation_id=tenant.id,
        email=email.strip().lower(),
        name=name,
        role=Role.OWNER,
        password_hash=await hash_password(password),
    )
    session.add(person)
    await session.flush()
    return OwnerEnsured(True, tenant.id, person.id)


async def name_of(session: Session, scope: Scope) -> str:
    """What the caller is called, for a record that people read; else their stable name."""
    person = await repository.staff(session, scope, scope.principal_id)
    return scope.principal if person is None else person.name


async def organisation_name(session: Session, organisation_id: UUID) -> str:
    """What the tenant calls itself on its papers."""
    return await repository.organisation_name(session, organisation_id)


def token_hash(token: str) -> bytes:
    """What is stored of a token; its 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


async def _count_attempt(throttle: Throttle, *, email: str, address: str) -> None:
    account = email.strip().lower()
    waits = [
        await throttle.hit("login address", address, LOGINS_PER_ADDRESS),
        await throttle.hit("login account", f"{address} {account}", LOGINS_PER_ACCOUNT),
        await throttle.hit("login anywhere", account, LOGINS_PER_ACCOUNT_ANYWHERE),
    ]
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest is not None:
        raise TooManyAttempts(retry_after_seconds=longest)


async def _session_scope(session: Session, token: str, now: datetime) -> Scope:
    bearer = await repository.find_session(session, token_hash=token_hash(token), now=now)
    if bearer is None:
        raise Unauthenticated
    if bearer.seen_at is not None and now - bearer.seen_at >= TOUCH_EVERY:
        await repository.touch_session(
            session,
            bearer_id=bearer.id,
            now=now,
            until=now + SESSION_LIFETIME,
            longest=SESSION_LONGEST,
        )
    return _scope(PrincipalKind.STAFF, bearer)


async def _key_scope(session: Session, token: str, now: datetime) -> Scope:
    bearer = await repository.find_key(session, token_hash=token_hash(token))
    if bearer is None:
        raise Unauthenticated
    if bearer.seen_at is None or now - bearer.seen_at >= TOUCH_EVERY:
        await repository.touch_key(session, bearer_id=bearer.id, now=now)
    return _scope(PrincipalKind.API_KEY, bearer)


def _scope(kind: PrincipalKind, bearer: repository.Bearer) -> Scope:
    return Scope(
        organisation_id=bearer.organisation_id,
        kind=kind,
        principal_id=bearer.principal_id,
        permissions=permissions_of(bearer.role),
        role=bearer.role,
    )


def _staff_scope(person: StaffRow) -> Scope:
    return Scope(
        organisation_id=person.organisation_id,
        kind=PrincipalKind.STAFF,
        principal_id=person.id,
        permissions=permissions_of(person.role),
        role=person.role,
    )
