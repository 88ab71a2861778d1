"""How is it said where to alarm people?"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

type Chat = Annotated[str, StringConstraints(pattern=r"^(-?\d{1,20}|@[A-Za-z0-9_]{5,32})$")]


class AlertSettings(BaseModel):
    """A Telegram chat that is told; without one, owners and managers get mails."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    telegram_chat: Chat | None = None
