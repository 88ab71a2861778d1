"""How does one room tell the others what happened, without knowing them?"""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text

from cloud_api.kit.db import Session

# A NOTIFY makes commits queue behind one another: only names somebody reacts to wake the workers.
WAKE_CHANNEL = "portero_events"
_INSERT = text(
    "WITH written AS (INSERT INTO events_outbox (name, organisation_id, payload)"
    " VALUES (:name, :organisation_id, CAST(:payload AS jsonb)) RETURNING name)"
    " SELECT pg_notify('portero_events', name) FROM event_wakes JOIN written USING (name)"
)


class Event(BaseModel):
    """A fact in the past tense. `name` is what reactions bind to; it never changes its meaning."""

    model_config = ConfigDict(frozen=True)
    name: ClassVar[str]


async def publish(session: Session, event: Event, *, organisation_id: UUID | None) -> None:
    """Write the event in the caller's transaction: it happened if and only if that commits."""
    await session.execute(
        _INSERT,
        {
            "name": event.name,
            "organisation_id": organisation_id,
            "payload": event.model_dump_json(),
        },
    )
