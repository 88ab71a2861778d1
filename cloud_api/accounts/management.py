"""How do owners and managers keep the list of people and keys?"""

from uuid import UUID

from pydantic import SecretStr

from cloud_api.accounts import repository
from cloud_api.accounts.errors import EmailTaken, LastOwner, RoleOutOfReach
from cloud_api.accounts.models import ApiKeyRow, OrganisationRow, StaffRow
from cloud_api.accounts.rules import may_manage
from cloud_api.accounts.schemas import (
    ApiKeyOut,
    OrganisationOut,
    StaffIn,
    StaffOut,
    StaffPatch,
)
from cloud_api.accounts.service import KEY_PREFIX, token_hash
from cloud_api.accounts.types import Role
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id, new_secret
from cloud_api.kit.passwords import hash_password
from cloud_api.kit.tenancy import Scope

_SHOWN_LETTERS = 12


async def hire(session: Session, scope: Scope, wanted: StaffIn) -> StaffRow:
    """A new member of staff. Raises RoleOutOfReach, EmailTaken."""
    _must_reach(scope, wanted.role)
    row = StaffRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        email=wanted.email,
        name=wanted.name,
        role=wanted.role,
        password_hash=await hash_password(wanted.password),
    )
    if not await repository.insert_staff(session, row):
        raise EmailTaken
    person = await person_of(session, scope, row.id)
    await audit.record(
        session,
        scope,
        action=Deed.STAFF_CREATED,
        object_type="staff",
        object_id=person.id,
        after=StaffOut.model_validate(person),
    )
    return person


async def person_of(session: Session, scope: Scope, staff_id: UUID) -> StaffRow:
    """One member of staff. Raises NotFound."""
    person = await repository.staff(session, scope, staff_id)
    if person is None:
        raise NotFound
    return person


async def change_staff(
    session: Session, scope: Scope, staff_id: UUID, patch: StaffPatch
) -> StaffRow:
    """Apply a patch. Raises NotFound, RoleOutOfReach, LastOwner."""
    await repository.lock_organisation(session, scope)
    person = await person_of(session, scope, staff_id)
    _must_reach(scope, person.role)
    if patch.role is not None:
        _must_reach(scope, patch.role)
    await _keep_an_owner(session, scope, person, patch)
    before = StaffOut.model_validate(person)
    await _apply(person, patch)
    await session.flush()
    if patch.model_fields_set & {"role", "active", "password"}:
        await repository.delete_sessions(session, scope, person.id)
    await audit.record(
        session,
        scope,
        action=Deed.STAFF_CHANGED,
        object_type="staff",
        object_id=person.id,
        before=before,
        after=StaffOut.model_validate(person),
    )
    return person


async def make_key(
    session: Session, scope: Scope, *, name: str, role: Role, clock: Clock
) -> tuple[ApiKeyRow, str]:
    """A new API key and its token, which cannot be shown again. Raises RoleOutOfReach."""
    _must_reach(scope, role)
    token = new_secret(prefix=KEY_PREFIX)
    row = ApiKeyRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        name=name,
        role=role,
        prefix=token[:_SHOWN_LETTERS],
        token_hash=token_hash(token),
        created_at=clock.utc_now(),
    )
    session.add(row)
    await session.flush()
    await audit.record(
        session,
        scope,
        action=Deed.API_KEY_CREATED,
        object_type="api_key",
        object_id=row.id,
        after=ApiKeyOut.model_validate(row),
    )
    return row, token


async def revoke_key(session: Session, scope: Scope, key_id: UUID, *, clock: Clock) -> None:
    """The key stops working when this commits. Raises NotFound, RoleOutOfReach."""
    key = await repository.api_key(session, scope, key_id)
    if key is None:
        raise NotFound
    _must_reach(scope, key.role)
    await repository.revoke_key(session, scope, key_id, at=clock.utc_now())
    await audit.record(
        session, scope, action=Deed.API_KEY_REVOKED, object_type="api_key", object_id=key_id
    )


async def rename_organisation(session: Session, scope: Scope, name: str) -> OrganisationRow:
    """Give the organisation another name."""
    tenant = await repository.organisation(session, scope)
    before = OrganisationOut.model_validate(tenant)
    tenant.name = name
    await session.flush()
    await audit.record(
        session,
        scope,
        action=Deed.ORGANISATION_RENAMED,
        object_type="organisation",
        object_id=tenant.id,
        before=before,
        after=OrganisationOut.model_validate(tenant),
    )
    return tenant


def _must_reach(scope: Scope, role: Role) -> None:
    if not may_manage(Role(scope.role), role):
        raise RoleOutOfReach(extra={"role": role})


async def _keep_an_owner(
    session: Session, scope: Scope, person: StaffRow, patch: StaffPatch
) -> None:
    stops = patch.active is False or (patch.role is not None and patch.role is not Role.OWNER)
    owns = person.role is Role.OWNER and person.active
    if owns and stops and await repository.other_owners(session, scope, person.id) == 0:
        raise LastOwner


async def _apply(person: StaffRow, patch: StaffPatch) -> None:
    if patch.name is not None:
        person.name = patch.name
    if patch.role is not None:
        person.role = patch.role
    if patch.active is not None:
        person.active = patch.active
    if isinstance(patch.password, SecretStr):
        person.password_hash = await hash_password(patch.password)
