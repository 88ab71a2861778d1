"""What is somebody told when the database does not answer?"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError


@contextmanager
def database_answers(setting: str = "PORTERO_DATABASE_DSN") -> Iterator[None]:
    """SystemExit where the database cannot be reached or is not ready for us."""
    try:
        yield
    except (DBAPIError, psycopg.Error, OSError) as error:
        why = (str(getattr(error, "orig", None) or error).strip() or "no reason").splitlines()[0]
        raise SystemExit(f"the database of {setting} cannot be used: {why}") from None
