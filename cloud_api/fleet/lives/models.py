"""Which tables tell which device is a house's own?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class LivesRow(Model):
    """The life that is the house's device, those before it, and those that are not."""

    __tablename__ = "fleet_lives"

    house_id: Mapped[UUID] = mapped_column(
        ForeignKey("fleet_houses.house_id", ondelete="CASCADE"), primary_key=True
    )
    organisation_id: Mapped[UUID]
    holder: Mapped[str] = mapped_column(Text)
    number: Mapped[int]
    former: Mapped[list[str]] = mapped_column(ARRAY(Text))
    heard_at: Mapped[datetime]
    elder: Mapped[str | None] = mapped_column(Text)
    losers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    asked: Mapped[str | None] = mapped_column(Text)
    challenge: Mapped[str | None] = mapped_column(Text)
    doubled_at: Mapped[datetime | None]
    loser_heard_at: Mapped[datetime | None]
