"""Which tables hold people, their contacts, and the accounts of who comes again?"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.clients.types import CodeChannel, CodePurpose, ContactKind, DocumentType, Sex
from cloud_api.kit.db import JsonObject, Model, text_enum


class ClientRow(Model):
    """A person.

    The number of their document rests in the vault; its keyed fingerprint finds it again.
    `super_at`: since when they are of the highest tier, which nobody leaves.
    """

    __tablename__ = "clients"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text, server_default="")
    visits: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    archived_at: Mapped[datetime | None]
    birth_date: Mapped[date | None]
    sex: Mapped[Sex | None] = mapped_column(text_enum(Sex))
    document_type: Mapped[DocumentType | None] = mapped_column(text_enum(DocumentType))
    document_number: Mapped[bytes | None] = mapped_column(LargeBinary)
    document_fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    super_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "organisation_id", "name"),
        Index(None, "organisation_id", "visits"),
        UniqueConstraint("organisation_id", "document_type", "document_fingerprint"),
        CheckConstraint(
            "(document_type IS NULL) = (document_number IS NULL)"
            " AND (document_type IS NULL) = (document_fingerprint IS NULL)",
            name="document",
        ),
    )


class ContactRow(Model):
    """One way to reach a person, in its one normal form; unique in the organisation.

    `hearsay`: a booking named it beside a contact that was known already. It may be anybody's, so
    it opens nobody's account until it is proven or staff say so.
    """

    __tablename__ = "client_contacts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    client_id: Mapped[UUID] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[ContactKind] = mapped_column(text_enum(ContactKind))
    value: Mapped[str] = mapped_column(Text)
    hearsay: Mapped[bool] = mapped_column(server_default=false(), default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("organisation_id", "kind", "value"),)


class TierRow(Model):
    """An organisation's own tiers; the defaults hold without a row."""

    __tablename__ = "client_tiers"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    regular_from: Mapped[int] = mapped_column(Integer)
    super_above: Mapped[int] = mapped_column(Integer)
    limits: Mapped[JsonObject] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("regular_from > 0 AND super_above >= regular_from", name="order"),
    )


class AccountRow(Model):
    """What a person may sign in with beside one-time codes."""

    __tablename__ = "client_accounts"

    client_id: Mapped[UUID] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True
    )
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    facebook_id: Mapped[str | None] = mapped_column(Text)
    facebook_name: Mapped[str | None] = mapped_column(Text)
    facebook_linked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("organisation_id", "facebook_id"),)


class MemberSessionRow(Model):
    """A sign-in of a client, apart from those of staff; only the token's hash is kept."""

    __tablename__ = "client_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    client_id: Mapped[UUID] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class CodeRow(Model):
    """A one-time code that was asked for, of a known person or not: the two rows look alike.

    Only a keyed hash of the code is kept, and none before it is on its way.
    """

    __tablename__ = "client_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    purpose: Mapped[CodePurpose] = mapped_column(text_enum(CodePurpose))
    channel: Mapped[CodeChannel] = mapped_column(text_enum(CodeChannel))
    contact: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    client_id: Mapped[UUID | None]
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
