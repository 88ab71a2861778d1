"""How are channel accounts spoken of over HTTP?"""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.kit.money import Money
from cloud_api.kit.text import Line
from cloud_api.messaging.models import ChannelAccountRow
from cloud_api.messaging.types import ChannelName


class AccountIn(BaseModel):
    """An account at a channel's vendor; credentials are never shown again.

    `price`: what one message costs, where the vendor does not say it.
    """

    model_config = ConfigDict(extra="forbid")

    channel: ChannelName
    credentials: Annotated[
        dict[str, Annotated[str, Field(max_length=2000)]], Field(min_length=1, max_length=20)
    ]
    price: Money | None = None
    active: bool = True


class AccountOut(BaseModel):
    """An account, its credentials masked. `webhook_path` is what its vendor calls; keep it."""

    id: UUID
    channel: ChannelName
    credentials: dict[str, str]
    price: Money | None
    active: bool
    webhook_path: str
    succeeded_at: datetime | None
    failed_at: datetime | None
    failure: str | None
    troubled_since: datetime | None

    @classmethod
    def of(cls, row: ChannelAccountRow, *, token: str) -> Self:
        """As it stands."""
        price = None
        if row.price_minor is not None and row.price_currency is not None:
            price = Money(row.price_minor, row.price_currency)
        return cls(
            id=row.id,
            channel=row.channel,
            credentials={name: str(each) for name, each in row.masked.items()},
            price=price,
            active=row.active,
            webhook_path=f"/api/v1/webhooks/messages/{row.channel}/{token}",
            succeeded_at=row.succeeded_at,
            failed_at=row.failed_at,
            failure=row.failure,
            troubled_since=row.troubled_since,
        )


class TryIn(BaseModel):
    """Where a test message goes: an address, a number or a chat of this channel."""

    model_config = ConfigDict(extra="forbid")

    to: Line
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
