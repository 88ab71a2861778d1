"""Which tables say how long things are kept, and who was forgotten?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class RetentionRow(Model):
    """An organisation's own rules, in days after check-out; the defaults hold without a row."""

    __tablename__ = "retention_rules"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    id_document_days: Mapped[int] = mapped_column(Integer)
    voucher_days: Mapped[int] = mapped_column(Integer)
    paper_days: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint(
            "id_document_days > 0 AND voucher_days > 0 AND paper_days > 0", name="days"
        ),
    )


class ErasureRow(Model):
    """That somebody was forgotten, and when; not who it was.

    Whoever goes back to an older copy of the database forgets these anew, from the newer copy's
    list; nothing does that by itself.
    """

    __tablename__ = "erasures"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    client_id: Mapped[UUID]
    done_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("organisation_id", "client_id"),)
