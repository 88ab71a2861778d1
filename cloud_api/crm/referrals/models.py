"""Which tables hold the months' rankings?"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class RankedMonthRow(Model):
    """A month that was ranked, also where nobody was in it."""

    __tablename__ = "referral_months"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RankingRow(Model):
    """Somebody's place in a month."""

    __tablename__ = "referral_rankings"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    stays: Mapped[int] = mapped_column(Integer)
    revenue_minor: Mapped[int]
    new_referrals: Mapped[int] = mapped_column(Integer)
    points: Mapped[int]
