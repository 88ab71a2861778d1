"""How does the application at Facebook look from outside?"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class FacebookAppIn(BaseModel):
    """Id and secret, from the application's page at Facebook; the secret is never shown again."""

    model_config = ConfigDict(extra="forbid")

    app_id: Annotated[str, Field(pattern=r"^[0-9]{5,30}$")]
    app_secret: Annotated[SecretStr, Field(min_length=8, max_length=200)]


class FacebookAppOut(BaseModel):
    """The application without its secret."""

    app_id: str
    masked: Annotated[str, Field(description="instead of the secret")] = "********"
    changed_at: datetime
