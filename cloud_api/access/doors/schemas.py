"""How are doors moved from afar, over HTTP?"""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.fleet.types import CommandView
from cloud_api.kit.text import Line
from protocol.live import Move

type CommandId = Annotated[
    UUID | None, Field(description="made by the client: the same id again is the same command")
]


class MoveIn(BaseModel):
    """Open or lock a door now."""

    model_config = ConfigDict(extra="forbid")

    move: Move = "open"
    command_id: CommandId = None


class StaffMoveIn(MoveIn):
    """A door moved by staff; the reason is kept."""

    reason: Line


class MoveOut(BaseModel):
    """A live command. `outcome` null: still under way; `unknown`: nobody can honestly say."""

    command_id: UUID
    lock_id: UUID
    move: str
    outcome: str | None
    reason: str | None
    asked_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, view: CommandView) -> Self:
        """As shown."""
        return cls(
            command_id=view.id,
            lock_id=view.lock_id,
            move=view.move,
            outcome=view.outcome,
            reason=view.reason,
            asked_at=view.asked_at,
            ended_at=view.ended_at,
        )


class StaffMoveNote(BaseModel):
    """What is kept of a door moved by staff."""

    command_id: UUID
    house_id: UUID
    grant_id: UUID
    move: str
    reason: str
