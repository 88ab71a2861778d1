"""What happens when a one-time code was asked for?"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.crm.members import service
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools


class CodeAsked(BaseModel):
    """What is read of a wish for a code: which one."""

    model_config = ConfigDict(extra="ignore")

    code_id: UUID


async def _send(session: Session, event: CodeAsked, tools: Tools) -> None:
    await service.send_code(session, tools.vault, event.code_id, now=tools.clock.utc_now())


_ON_WISH = Reaction("crm.code_wanted", "crm.send_code", CodeAsked, _send, prompt=True)
REACTIONS: tuple[AnyReaction, ...] = (_ON_WISH,)
