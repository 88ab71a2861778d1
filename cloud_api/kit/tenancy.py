"""Whose rows may this caller see?"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, Self
from uuid import UUID

from sqlalchemy import ColumnElement

from cloud_api.kit.db import Model


class PrincipalKind(StrEnum):
    """Who is asking."""

    STAFF = "staff"
    API_KEY = "api_key"
    GUEST = "guest"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Scope:
    """One caller inside one organisation, with the permissions it was given."""

    organisation_id: UUID
    kind: PrincipalKind
    principal_id: UUID
    permissions: frozenset[str] = field(default_factory=frozenset)
    role: str = ""

    def may(self, permission: str) -> bool:
        """Was this permission given?"""
        return permission in self.permissions

    @property
    def principal(self) -> str:
        """A stable name of the caller, e.g. `staff:<uuid>`."""
        return f"{self.kind}:{self.principal_id}"


class Filterable(Protocol):
    """A select, update or delete."""

    def where(self, *whereclause: ColumnElement[bool]) -> Self:
        """Narrow it."""
        ...


def scoped[S: Filterable](statement: S, model: type[Model], scope: Scope) -> S:
    """The statement, confined to the caller's organisation. The only way to read tenant rows."""
    column: ColumnElement[UUID] = model.organisation_id  # type: ignore[attr-defined] # a tenant table has it, or this raises
    return statement.where(column == scope.organisation_id)


def across_tenants[S](statement: S, *, because: str) -> S:
    """The statement unchanged: for jobs and logins, which have no tenant yet; says why."""
    if not because:
        raise ValueError("say why this statement crosses tenants")
    return statement
