"""What do accounts look like from outside?"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool

from cloud_api.accounts.types import Permission, Role
from cloud_api.kit.db import JsonObject
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Email, Line

type Password = Annotated[SecretStr, Field(min_length=10, max_length=200)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LoginIn(_In):
    """A member of staff logs in."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class StaffOut(_Out):
    """A member of staff."""

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    created_at: datetime


class SessionOut(_Out):
    """A new session; `token` is shown this once."""

    token: str
    expires_at: datetime
    staff: StaffOut


class MeOut(_Out):
    """Who is asking, and what they may do."""

    organisation_id: UUID
    kind: str
    principal_id: UUID
    role: Role
    permissions: list[Permission]


class PasswordIn(_In):
    """A member of staff changes their own password; every other session of theirs ends."""

    current: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    new: Password


class StaffIn(_In):
    """A new member of staff."""

    email: Email
    name: Line
    role: Role
    password: Password


class StaffPatch(Patch):
    """What changes; a new password or role, or dismissal, ends every session of theirs."""

    name: Line | None = None
    role: Role | None = None
    active: StrictBool | None = None
    password: Password | None = None


class ApiKeyIn(_In):
    """A new key for a program."""

    name: Line
    role: Role


class ApiKeyOut(_Out):
    """A key without its secret."""

    id: UUID
    name: str
    role: Role
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyMadeOut(ApiKeyOut):
    """A new key; `token` is shown this once."""

    token: str


class OrganisationOut(_Out):
    """The tenant."""

    id: UUID
    name: str
    created_at: datetime


class OrganisationPatch(_In):
    """What changes."""

    name: Line


class AuditOut(_Out):
    """One line of the record of what staff did."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: UUID
    action: str
    object_type: str
    object_id: str
    before: JsonObject | None
    after: JsonObject | None
    request_id: str | None
