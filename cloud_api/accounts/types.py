"""Which roles and permissions are there?"""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a member of staff, or an API key, is for."""

    OWNER = "owner"
    MANAGER = "manager"
    RECEPTION = "reception"
    CLEANER = "cleaner"
    READ_ONLY = "read_only"


class Permission(StrEnum):
    """One thing a role may do."""

    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    API_KEYS_READ = "api_keys:read"
    API_KEYS_WRITE = "api_keys:write"
    AUDIT_READ = "audit:read"
    PROPERTIES_READ = "properties:read"
    PROPERTIES_WRITE = "properties:write"
    PRICING_READ = "pricing:read"
    PRICING_WRITE = "pricing:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    MEMBERS_SETUP = "members:setup"
    RESERVATIONS_READ = "reservations:read"
    RESERVATIONS_WRITE = "reservations:write"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    PAYMENTS_REFUND = "payments:refund"
    PAYMENTS_MANAGE = "payments:manage"
    ACCESS_READ = "access:read"
    ACCESS_WRITE = "access:write"
    ACCESS_SECRETS = "access:secrets"
    DOORS_OPEN = "doors:open"
    MUSIC_CONTROL = "music:control"
    FLEET_READ = "fleet:read"
    FLEET_WRITE = "fleet:write"
    FILES_READ = "files:read"
    FILES_WRITE = "files:write"
    FILES_PRIVATE = "files:private"
    PAPERS_WRITE = "papers:write"
    PRIVACY_EXPORT = "privacy:export"
    PRIVACY_ERASE = "privacy:erase"
    PRIVACY_RULES = "privacy:rules"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    MESSAGING_SETUP = "messaging:setup"
    JOBS_READ = "jobs:read"
    JOBS_RUN = "jobs:run"
    DISCOUNTS_READ = "discounts:read"
    DISCOUNTS_WRITE = "discounts:write"
    LOYALTY_READ = "loyalty:read"
    LOYALTY_WRITE = "loyalty:write"
    LOYALTY_MANAGE = "loyalty:manage"


@dataclass(frozen=True, slots=True)
class Leader:
    """Somebody who is told when an organisation's business needs a person."""

    staff_id: UUID
    name: str = field(repr=False)
    email: str = field(repr=False)
