"""Which tables say what files there are? Contents are never here in clear."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.files.types import MediaType, Purpose, State
from cloud_api.kit.db import Model, text_enum


class FileRow(Model):
    """A file, or the tombstone of one: then without name, key and person."""

    __tablename__ = "files"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    purpose: Mapped[Purpose] = mapped_column(text_enum(Purpose))
    state: Mapped[State] = mapped_column(text_enum(State))
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[MediaType] = mapped_column(text_enum(MediaType))
    size: Mapped[int]
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    object_name: Mapped[str] = mapped_column(Text, unique=True)
    client_id: Mapped[UUID | None] = mapped_column(index=True)
    reservation_id: Mapped[UUID | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    delete_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    gone_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "organisation_id", "fingerprint"),
        Index("ix_files_ending", "delete_at", postgresql_where=text("delete_at IS NOT NULL")),
        Index("ix_files_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )


class ParcelRow(Model):
    """A sealed content that waits for its way into the store."""

    __tablename__ = "file_parcels"

    file_id: Mapped[UUID] = mapped_column(
        ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class StrayRow(Model):
    """Something in the store that no file remembers; it is deleted there."""

    __tablename__ = "file_strays"

    object_name: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SweepRow(Model):
    """When the whole store was last looked through."""

    __tablename__ = "file_sweeps"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    begun_at: Mapped[datetime]
