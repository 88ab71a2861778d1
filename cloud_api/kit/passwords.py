"""Is this the password?"""

import asyncio
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr

_HASHER = PasswordHash((Argon2Hasher(),))


async def hash_password(password: SecretStr) -> str:
    """The argon2id hash; slow on purpose, off the loop."""
    return await asyncio.to_thread(_HASHER.hash, password.get_secret_value())


async def verify_password(password: SecretStr, password_hash: str | None) -> bool:
    """Does it fit? Without a hash it takes just as long and answers no."""
    return await asyncio.to_thread(_verify, password.get_secret_value(), password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    fits = _HASHER.verify(password, password_hash or _nobodys_hash())
    return fits and password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("the password of nobody")
