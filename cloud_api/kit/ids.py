"""How does a new thing get its name?"""

import secrets
from collections.abc import Callable
from uuid import UUID, uuid4

# Without 0 O 1 I L U: a code is read aloud on the phone.
READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

type Choose = Callable[[str], str]
"""Takes an alphabet, answers one of its letters; `secrets.choice` in production."""


def new_id() -> UUID:
    """A fresh random UUID."""
    return uuid4()


def human_code(prefix: str = "", *, length: int = 8, choose: Choose = secrets.choice) -> str:
    """A code a person can read aloud: prefix and `length` unmistakable letters."""
    return prefix + "".join(choose(READABLE) for _ in range(length))


def new_secret(*, prefix: str = "") -> str:
    """An unguessable opaque token of 256 bits; only its hash may be stored."""
    return prefix + secrets.token_urlsafe(32)
