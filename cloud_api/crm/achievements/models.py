"""Which tables hold achievements and who has them?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class AchievementRow(Model):
    """One thing to reach, as staff say."""

    __tablename__ = "achievements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    icon: Mapped[str] = mapped_column(Text, server_default="")
    place: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    required_stays: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    required_referrals: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    required_referred_stays: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("uq_achievements_name", "organisation_id", text("lower(name)"), unique=True),
        CheckConstraint(
            "least(required_stays, required_referrals, required_referred_stays) >= 0", name="needs"
        ),
    )


class AwardRow(Model):
    """Who has it, or had it until `revoked_at`."""

    __tablename__ = "client_achievements"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    earned_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "achievement_id"),)
