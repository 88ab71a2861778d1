"""Whom do prices ask which nights are free?"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from cloud_api.kit.db import Session
from cloud_api.pricing.types import Taken
from cloud_api.properties.types import BookableUnit


class Calendar(Protocol):
    """Whoever knows the bookings; a room above this one."""

    async def __call__(
        self, session: Session, units: Sequence[BookableUnit], first: date, until: date
    ) -> Taken:
        """The nights in `[first, until)` that somebody has, by unit; nobody is named."""
        ...
