"""Which roles and permissions are there?"""

from enum import StrEnum


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
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    RESERVATIONS_READ = "reservations:read"
    RESERVATIONS_WRITE = "reservations:write"
    ACCESS_READ = "access:read"
    ACCESS_WRITE = "access:write"
    ACCESS_SECRETS = "access:secrets"
    DOORS_OPEN = "doors:open"
    MUSIC_CONTROL = "music:control"
    FLEET_READ = "fleet:read"
    FLEET_WRITE = "fleet:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    MESSAGING_SETUP = "messaging:setup"
    JOBS_READ = "jobs:read"
    JOBS_RUN = "jobs:run"
