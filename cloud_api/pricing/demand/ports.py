"""Whom do we ask what happens in town?"""

from datetime import datetime
from typing import Protocol

from cloud_api.kit.outgoing import Outgoing
from cloud_api.pricing.demand.types import Question, Told, Untold


class Teller(Protocol):
    """Somebody who knows the town's events."""

    async def __call__(
        self, outgoing: Outgoing, question: Question, *, now: datetime
    ) -> Told | Untold:
        """One page, by exactly one request; silence and refusals are values too."""
        ...
