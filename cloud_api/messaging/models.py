"""Which tables hold messages, their texts, the wishes of those who get them, and the accounts?"""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Json, Model, text_enum
from cloud_api.messaging.types import ChannelName, Medium, MessageEvent, MessageState


class ChannelAccountRow(Model):
    """An organisation's account at a channel's vendor. `credentials` rest in the vault."""

    __tablename__ = "channel_accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    channel: Mapped[ChannelName] = mapped_column(text_enum(ChannelName))
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    masked: Mapped[dict[str, Json]] = mapped_column(JSONB)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    price_minor: Mapped[int | None]
    price_currency: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(Text)
    troubled_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    poll_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("organisation_id", "channel"),)


class ToldRow(Model):
    """A fact somebody was told of; its key is the guard against telling it twice."""

    __tablename__ = "messages_told"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    key: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("organisation_id", "key"),)


class MessageRow(Model):
    """One message by one channel. `content` (address, text, words) rests in the vault.

    `begun`: a sending was begun of which nobody noted how it ended: look before sending again.
    """

    __tablename__ = "messages"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    key: Mapped[str] = mapped_column(Text)
    event: Mapped[MessageEvent] = mapped_column(text_enum(MessageEvent))
    channel: Mapped[ChannelName] = mapped_column(text_enum(ChannelName))
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("clients.id", ondelete="SET NULL"))
    person: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID | None]
    language: Mapped[str] = mapped_column(Text)
    to_masked: Mapped[str] = mapped_column(Text)
    to_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_channels: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    state: Mapped[MessageState] = mapped_column(text_enum(MessageState))
    reason: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, server_default="")
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    begun: Mapped[bool] = mapped_column(server_default=text("false"))
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("channel_accounts.id", ondelete="SET NULL")
    )
    vendor_id: Mapped[str | None] = mapped_column(Text)
    cost_minor: Mapped[int | None]
    cost_currency: Mapped[str | None] = mapped_column(Text)
    resend_of: Mapped[UUID | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("organisation_id", "key", "channel"),
        Index(None, "organisation_id", "created_at"),
        Index(None, "organisation_id", "person", "due_at"),
        Index(
            None, "organisation_id", "subject_id", postgresql_where=text("subject_id IS NOT NULL")
        ),
        Index(None, "client_id", postgresql_where=text("client_id IS NOT NULL")),
        Index(None, "account_id", "vendor_id", postgresql_where=text("vendor_id IS NOT NULL")),
        Index(
            "ix_messages_due",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        Index(
            "ix_messages_content",
            "created_at",
            postgresql_where=text("content IS NOT NULL"),
        ),
    )


class HistoryRow(Model):
    """One thing that happened to a message; `event_id` is the vendor's, heard once."""

    __tablename__ = "messages_history"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID]
    at: Mapped[datetime]
    state: Mapped[MessageState] = mapped_column(text_enum(MessageState))
    detail: Mapped[str] = mapped_column(Text, server_default="")
    source: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("message_id", "event_id"),)


class StrayNewsRow(Model):
    """News of a message nobody knows (yet): a vendor may be faster than our own note."""

    __tablename__ = "messages_stray_news"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    organisation_id: Mapped[UUID]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("channel_accounts.id", ondelete="CASCADE"))
    vendor_id: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text)
    state: Mapped[MessageState] = mapped_column(text_enum(MessageState))
    detail: Mapped[str] = mapped_column(Text, server_default="")
    heard_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("account_id", "event_id"),
        Index(None, "account_id", "vendor_id"),
    )


class ReceivedRow(Model):
    """Somebody wrote to us; `content` (sender and text) rests in the vault."""

    __tablename__ = "messages_received"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("channel_accounts.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(Text)
    channel: Mapped[ChannelName] = mapped_column(text_enum(ChannelName))
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("clients.id", ondelete="SET NULL"))
    reply_to: Mapped[UUID | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("account_id", "event_id"),
        Index(None, "organisation_id", "received_at"),
    )


class TemplateRow(Model):
    """An organisation's own words for an event, in the place of those that come along."""

    __tablename__ = "message_templates"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    event: Mapped[MessageEvent] = mapped_column(text_enum(MessageEvent))
    medium: Mapped[Medium] = mapped_column(text_enum(Medium))
    language: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, server_default="")
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    vendor_template: Mapped[str | None] = mapped_column(Text)
    vendor_variables: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (PrimaryKeyConstraint("organisation_id", "event", "medium", "language"),)


class PreferencesRow(Model):
    """What a person agreed to hear; `person` is the client's id, or the hash of an address."""

    __tablename__ = "message_preferences"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person: Mapped[str] = mapped_column(Text)
    media: Mapped[dict[str, Json]] = mapped_column(JSONB, server_default=text("'{}'"))
    kinds: Mapped[dict[str, Json]] = mapped_column(JSONB, server_default=text("'{}'"))
    hours_from: Mapped[time]
    hours_until: Mapped[time]
    opted_out_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (PrimaryKeyConstraint("organisation_id", "person"),)


class MessagingSettingsRow(Model):
    """How often an organisation writes at most, and in which zone its days are."""

    __tablename__ = "messaging_settings"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    zone: Mapped[str | None] = mapped_column(Text)
    sms_on: Mapped[bool]
    sms_per_day: Mapped[int] = mapped_column(Integer)
    sms_per_month: Mapped[int] = mapped_column(Integer)
    email_per_week: Mapped[int] = mapped_column(Integer)
    email_per_month: Mapped[int] = mapped_column(Integer)


class EventSettingsRow(Model):
    """How an organisation tells an event, where it differs from the default."""

    __tablename__ = "messaging_events"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    event: Mapped[MessageEvent] = mapped_column(text_enum(MessageEvent))
    active: Mapped[bool]
    ways: Mapped[list[Json]] = mapped_column(JSONB)

    __table_args__ = (PrimaryKeyConstraint("organisation_id", "event"),)
