"""How is it read and written where to alarm people?"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants
from cloud_api.papers.models import AlertSettingsRow


async def chat_of(session: Session, organisation_id: UUID) -> str | None:
    """The organisation's Telegram chat, if it named one."""
    statement = select(AlertSettingsRow.telegram_chat).where(
        AlertSettingsRow.organisation_id == organisation_id
    )
    because = "the organisation is the condition; an event has no scope"
    return await session.scalar(across_tenants(statement, because=because))


async def keep(session: Session, scope: Scope, chat: str | None) -> None:
    """Keep it, over what there is."""
    statement = insert(AlertSettingsRow).values(
        organisation_id=scope.organisation_id, telegram_chat=chat
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[AlertSettingsRow.organisation_id], set_={"telegram_chat": chat}
        )
    )
