"""Which rows speak of one person?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.messaging.models import MessageRow, PreferencesRow, ReceivedRow
from cloud_api.messaging.types import MessageState, Reason

_BECAUSE = "the organisation is the condition; whoever asks was allowed to by `privacy`"
_ERASED = "erased"


async def messages(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> list[MessageRow]:
    """What they were told, the earliest first."""
    statement = (
        select(MessageRow)
        .where(
            MessageRow.organisation_id == organisation_id,
            or_(MessageRow.client_id == client_id, MessageRow.subject_id.in_(reservation_ids)),
        )
        .order_by(MessageRow.created_at)
    )
    return list(await session.scalars(across_tenants(statement, because=_BECAUSE)))


async def received(session: Session, organisation_id: UUID, client_id: UUID) -> list[ReceivedRow]:
    """What they wrote, the earliest first."""
    statement = (
        select(ReceivedRow)
        .where(ReceivedRow.organisation_id == organisation_id, ReceivedRow.client_id == client_id)
        .order_by(ReceivedRow.received_at)
    )
    return list(await session.scalars(across_tenants(statement, because=_BECAUSE)))


async def forget(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> int:
    """Words, addresses and names go, what waits does not go out; how many messages."""
    row = MessageRow
    of_them = (
        row.organisation_id == organisation_id,
        or_(row.client_id == client_id, row.subject_id.in_(reservation_ids)),
    )
    waiting = update(row).where(*of_them, row.state == MessageState.WAITING)
    withdrawn = waiting.values(state=MessageState.BLOCKED, reason=Reason.WITHDRAWN)
    statement = (
        update(row)
        .where(*of_them)
        .values(content=None, to_masked="", to_hash=None, person=_ERASED, client_id=None)
    )
    words = update(ReceivedRow).where(
        ReceivedRow.organisation_id == organisation_id, ReceivedRow.client_id == client_id
    )
    said = delete(PreferencesRow).where(
        PreferencesRow.organisation_id == organisation_id, PreferencesRow.person == str(client_id)
    )
    silent = {"synchronize_session": False}
    await session.execute(across_tenants(withdrawn, because=_BECAUSE).execution_options(**silent))
    gone = await session.scalars(
        across_tenants(statement.returning(row.id), because=_BECAUSE).execution_options(**silent)
    )
    forgotten = words.values(content=None, client_id=None)
    await session.execute(across_tenants(forgotten, because=_BECAUSE).execution_options(**silent))
    await session.execute(across_tenants(said, because=_BECAUSE).execution_options(**silent))
    return len(list(gone))
