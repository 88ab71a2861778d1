"""Which tables remember papers, cards, contracts and letters? Papers' contents are files."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY
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


class LetterSettingsRow(Model):
    """How a property writes to its guests, where it differs from what is usual."""

    __tablename__ = "letter_settings"

    property_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    off: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    invitation_days: Mapped[int] = mapped_column(Integer)
    welcome_days: Mapped[int] = mapped_column(Integer)
    key_days: Mapped[int] = mapped_column(Integer)
    key_delayed_hours: Mapped[int] = mapped_column(Integer)
    voucher_minutes: Mapped[int] = mapped_column(Integer)
    thanks_days: Mapped[int] = mapped_column(Integer)
    send_at: Mapped[time]
    check_out_at: Mapped[time]
    review_url: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)


class LetterCallRow(Model):
    """A letter the clock has called for; it is not called for again. Holds nothing of a person."""

    __tablename__ = "letter_calls"

    reservation_id: Mapped[UUID] = mapped_column(primary_key=True)
    letter: Mapped[str] = mapped_column(Text, primary_key=True)
    fact: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    called_at: Mapped[datetime] = mapped_column(index=True)


class AlertSettingsRow(Model):
    """Where an organisation's people are alarmed, instead of by their mail addresses."""

    __tablename__ = "alert_settings"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    telegram_chat: Mapped[str | None] = mapped_column(Text)
