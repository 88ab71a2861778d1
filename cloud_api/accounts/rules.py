"""Who may do what, and whom may they make?"""

from cloud_api.accounts.types import Permission, Role

_READ_HOUSES = frozenset(
    {
        Permission.ORGANISATION_READ,
        Permission.PROPERTIES_READ,
        Permission.PRICING_READ,
        Permission.RESERVATIONS_READ,
        Permission.FLEET_READ,
    }
)
_FRONT_DESK = frozenset(
    {
        Permission.CLIENTS_READ,
        Permission.CLIENTS_WRITE,
        Permission.RESERVATIONS_WRITE,
        Permission.PAYMENTS_READ,
        Permission.PAYMENTS_WRITE,
        Permission.ACCESS_READ,
        Permission.ACCESS_WRITE,
        Permission.ACCESS_SECRETS,
        Permission.DOORS_OPEN,
        Permission.MUSIC_CONTROL,
        Permission.FILES_READ,
        Permission.FILES_WRITE,
        Permission.FILES_PRIVATE,
        Permission.DISCOUNTS_READ,
        Permission.LOYALTY_READ,
        Permission.LOYALTY_WRITE,
        Permission.MESSAGES_READ,
        Permission.MESSAGES_WRITE,
    }
)
_OWNERS_ONLY = frozenset({Permission.ORGANISATION_WRITE})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset(Permission) - _OWNERS_ONLY,
    Role.RECEPTION: _READ_HOUSES | _FRONT_DESK,
    # A cleaner sees where to go and when, not who sleeps there.
    Role.CLEANER: frozenset(
        {Permission.PROPERTIES_READ, Permission.ORGANISATION_READ, Permission.DOORS_OPEN}
    ),
    Role.READ_ONLY: _READ_HOUSES
    | {
        Permission.CLIENTS_READ,
        Permission.ACCESS_READ,
        Permission.STAFF_READ,
        Permission.FILES_READ,
        Permission.DISCOUNTS_READ,
        Permission.LOYALTY_READ,
        Permission.MESSAGES_READ,
    },
}

_MANAGED: dict[Role, frozenset[Role]] = {
    Role.OWNER: frozenset(Role),
    Role.MANAGER: frozenset({Role.RECEPTION, Role.CLEANER, Role.READ_ONLY}),
}


def permissions_of(role: Role) -> frozenset[Permission]:
    """Everything this role may do."""
    return PERMISSIONS[role]


def may_manage(actor: Role, target: Role) -> bool:
    """May `actor` make, change or remove somebody (or a key) of role `target`?"""
    return target in _MANAGED.get(actor, frozenset())
