"""What has happened to messages, for rooms that do not know this one?"""

from uuid import UUID

from cloud_api.kit.events import Event


class MessageFailed(Event):
    """A message was given up; nothing more is tried by any channel."""

    name = "messaging.message_failed"

    message_id: UUID
    organisation_id: UUID
    event: str
    channel: str
    reason: str
    subject_id: UUID | None


class AccountTroubled(Event):
    """A channel's account has to be mended by a person; its messages wait."""

    name = "messaging.account_troubled"

    account_id: UUID
    organisation_id: UUID
    channel: str
    detail: str


class MessageReceived(Event):
    """Somebody wrote to us; what they wrote is in `messages_received`."""

    name = "messaging.received"

    received_id: UUID
    organisation_id: UUID
    channel: str
    client_id: UUID | None
