"""What do people see of what was given up?"""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from cloud_api.jobs.types import DeadLetter
from cloud_api.kit.db import Json
from cloud_api.kit.logs import redact

LARGEST_ID = 2**63 - 1


class DeadLetterOut(BaseModel):
    """A reaction to an event that was tried often and given up."""

    id: int
    reaction: Annotated[str, Field(examples=["access.grant_stay"])]
    event_id: int
    event_name: Annotated[str, Field(examples=["reservations.confirmed"])]
    occurred_at: datetime
    failed_at: datetime
    tries: Annotated[int, Field(ge=1)]
    error: Annotated[str, Field(description="what went wrong the last time, and where")]

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """What is shown in lists."""
        return cls.model_validate(letter, from_attributes=True)


class DeadLetterDetailOut(DeadLetterOut):
    """With what the event said; secrets are masked."""

    payload: dict[str, Json]

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """What is shown of one."""
        shown = cls.model_validate(letter, from_attributes=True)
        return shown.model_copy(update={"payload": redact(letter.payload)})


class ReplayedOut(BaseModel):
    """Which dead letters were queued again."""

    replayed: list[int]
