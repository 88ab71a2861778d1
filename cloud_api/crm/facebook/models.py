"""How does an organisation's application at Facebook rest?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class FacebookAppRow(Model):
    """The organisation's own application at Facebook; its secret rests in the vault."""

    __tablename__ = "facebook_apps"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    app_id: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
