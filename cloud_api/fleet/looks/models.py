"""Which table tells which locks are worth a look?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class LookRow(Model):
    """A lock that spoke: `wanted_at` until the hint is sent, `sent_at` the last time it was."""

    __tablename__ = "fleet_looks"

    lock_id: Mapped[UUID] = mapped_column(primary_key=True)
    house_id: Mapped[UUID] = mapped_column(ForeignKey("fleet_houses.house_id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID]
    wanted_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_fleet_looks_wanted", "wanted_at", postgresql_where=text("wanted_at IS NOT NULL")),
    )
