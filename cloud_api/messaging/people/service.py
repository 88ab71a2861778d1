"""What is known here of one person, and how is it forgotten?

An address whose owner said stop stays known by its hash alone: forgetting somebody must not begin
to write to them again.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from cloud_api.kit.db import Json, JsonObject, Session
from cloud_api.kit.vault import Vault
from cloud_api.messaging.models import MessageRow, ReceivedRow
from cloud_api.messaging.outbox import rules
from cloud_api.messaging.outbox.writing import context_of
from cloud_api.messaging.people import repository
from cloud_api.messaging.preferences import repository as wishes
from cloud_api.messaging.rules import TRAITS


async def export_person(
    session: Session,
    vault: Vault,
    organisation_id: UUID,
    client_id: UUID,
    reservation_ids: Sequence[UUID],
) -> Json:
    """What they were told and wrote, and what they agreed to hear; codes are not shown."""
    told = await repository.messages(session, organisation_id, client_id, reservation_ids)
    wrote = await repository.received(session, organisation_id, client_id)
    said = await wishes.preferences_of(session, organisation_id, str(client_id))
    return {
        "told": [_told(each, vault) for each in told],
        "written": [_wrote(each, vault) for each in wrote],
        "preferences": None if said is None else {"media": said.media, "kinds": said.kinds},
    }


async def erase_person(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> int:
    """Forget what they were told and wrote; that something was sent stays. Twice is once."""
    return await repository.forget(session, organisation_id, client_id, reservation_ids)


def _told(row: MessageRow, vault: Vault) -> JsonObject:
    cell = None
    if row.content is not None and not TRAITS[row.event].secret:
        cell = vault.unlock(row.content, context=context_of(row.id))
    written = None if cell is None else rules.written_of(cell)
    return {
        "id": str(row.id),
        "event": row.event.value,
        "channel": row.channel.value,
        "state": row.state.value,
        "created_at": row.created_at.isoformat(),
        "to": None if cell is None else rules.address_of(cell),
        "subject": None if written is None else written.subject,
        "text": None if written is None else written.body,
    }


def _wrote(row: ReceivedRow, vault: Vault) -> JsonObject:
    told: JsonObject = {}
    if row.content is not None:
        told = json.loads(vault.unlock(row.content, context=f"messages_received/{row.id}"))
    return {
        **told,
        "id": str(row.id),
        "channel": row.channel.value,
        "received_at": row.received_at.isoformat(),
    }
