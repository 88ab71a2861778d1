"""How does a claim token look, and what does it prove?"""

from hashlib import sha256
from uuid import UUID

PREFIX = "claim"
_PARTS = 3


def spell(house_id: UUID, secret: str) -> str:
    """`claim.<house>.<secret>`: the device learns from it which house it will be."""
    return f"{PREFIX}.{house_id}.{secret}"


def house_of(token: str) -> UUID | None:
    """The house a token speaks of; None when it is no token of ours."""
    parts = token.split(".")
    if len(parts) != _PARTS or parts[0] != PREFIX:
        return None
    try:
        house_id = UUID(parts[1])
    except ValueError:
        return None
    return house_id if str(house_id) == parts[1] else None


def token_hash(token: str) -> bytes:
    """All that is stored of a token of 256 random bits."""
    return sha256(token.encode()).digest()
