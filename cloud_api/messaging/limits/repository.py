"""How are limits and ways kept?"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, scoped
from cloud_api.messaging.models import EventSettingsRow, MessagingSettingsRow
from cloud_api.messaging.types import MessageEvent


async def keep(session: Session, scope: Scope, values: Mapping[str, object]) -> None:
    """Write the limits over those there are."""
    statement = insert(MessagingSettingsRow).values(organisation_id=scope.organisation_id, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["organisation_id"], set_=dict(values))
    )


async def events(session: Session, scope: Scope) -> dict[MessageEvent, EventSettingsRow]:
    """Events that are told otherwise than by default."""
    rows = await session.scalars(scoped(select(EventSettingsRow), EventSettingsRow, scope))
    return {row.event: row for row in rows}


async def keep_event(
    session: Session, scope: Scope, event: MessageEvent, values: Mapping[str, object]
) -> None:
    """Write how an event is told."""
    statement = insert(EventSettingsRow).values(
        organisation_id=scope.organisation_id, event=event, **values
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["organisation_id", "event"], set_=dict(values)
        )
    )
