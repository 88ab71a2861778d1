"""Which table tells how a house shall be set?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import JsonObject, Model


class ConfigurationRow(Model):
    """The newest wish of a house's owner, its exact signed bytes, and the house's word on it."""

    __tablename__ = "fleet_configurations"

    house_id: Mapped[UUID] = mapped_column(
        ForeignKey("fleet_houses.house_id", ondelete="CASCADE"), primary_key=True
    )
    organisation_id: Mapped[UUID]
    version: Mapped[int]
    settings: Mapped[JsonObject]
    made_at: Mapped[datetime]
    epoch: Mapped[int | None]
    frame: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None]
    fate: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    told_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_fleet_configurations_unpublished",
            "made_at",
            postgresql_where=text("frame IS NOT NULL AND published_at IS NULL"),
        ),
    )
