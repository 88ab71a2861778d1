"""Which tables remember papers, cards and contracts? Their contents are files."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model


class PaperRow(Model):
    """A paper that was made before, known by a keyed hash of its page."""

    __tablename__ = "papers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    reservation_id: Mapped[UUID] = mapped_column(index=True)
    source: Mapped[bytes] = mapped_column(LargeBinary)
    file_id: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("organisation_id", "source"),)


class CardRow(Model):
    """A booking's public card; only its token's hash is here."""

    __tablename__ = "cards"

    reservation_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ContractTemplateRow(Model):
    """One version of a contract's words; never changed, only followed by another."""

    __tablename__ = "contract_templates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    language: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(server_default=func.now())
    written_by: Mapped[UUID]

    __table_args__ = (UniqueConstraint("organisation_id", "name", "version"),)


class ContractRow(Model):
    """A contract made for a booking from one version, and whether the guest accepted this very one.

    `digest` is the SHA-256 of the PDF, so that both sides can prove which words were meant.
    """

    __tablename__ = "contracts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    reservation_id: Mapped[UUID]
    template_id: Mapped[UUID] = mapped_column(ForeignKey("contract_templates.id"))
    file_id: Mapped[UUID]
    digest: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None]

    __table_args__ = (Index(None, "reservation_id", "made_at"),)
