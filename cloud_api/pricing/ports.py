"""Whom do prices ask which nights are free, and who is asking?"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.pricing.discounts.types import ClientFacts
from cloud_api.pricing.types import Taken
from cloud_api.properties.types import BookableUnit


class Calendar(Protocol):
    """Whoever knows the bookings; a room above this one."""

    async def __call__(
        self, session: Session, units: Sequence[BookableUnit], first: date, until: date
    ) -> Taken:
        """The nights in `[first, until)` that somebody has, by unit; nobody is named."""
        ...


class Guests(Protocol):
    """Whoever knows the people; a room above this one."""

    async def __call__(
        self,
        session: Session,
        authorization: str | None,
        organisation_id: UUID,
        *,
        now: datetime,
    ) -> ClientFacts | None:
        """What discounts ask about the guest who is signed in; None: a stranger here.

        Raises Unauthenticated for a sign-in that is over.
        """
        ...
