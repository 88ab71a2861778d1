"""What is told of a backup that was tried?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `fits` None: it could not be looked at."""

    what: str
    fits: bool | None
    detail: str
