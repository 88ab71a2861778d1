"""How are an organisation's people told, once, that something needs them?"""

from datetime import datetime
from uuid import UUID

from cloud_api.accounts import service as accounts
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.messaging import service as messaging
from cloud_api.messaging.types import MessageEvent, Recipient
from cloud_api.papers.alerts import repository
from cloud_api.papers.alerts.schemas import AlertSettings


async def alarm(
    session: Session,
    vault: Vault,
    organisation_id: UUID,
    *,
    fact: str,
    title: str,
    text: str,
    now: datetime,
    subject_id: UUID | None = None,
) -> None:
    """Tell the organisation's Telegram chat, else each owner and manager by mail.

    Once for each `fact`. Neither title nor text may hold a secret or a guest's words.
    """
    for who, to in await _people(session, organisation_id):
        await messaging.tell(
            session,
            organisation_id,
            event=MessageEvent.STAFF_ALERT,
            to=to,
            variables={"title": title, "text": text},
            key=f"alert/{fact}/{who}",
            vault=vault,
            now=now,
            subject_id=subject_id,
        )


async def show(session: Session, scope: Scope) -> AlertSettings:
    """Where the caller's organisation is alarmed."""
    return AlertSettings(telegram_chat=await repository.chat_of(session, scope.organisation_id))


async def change(session: Session, scope: Scope, wanted: AlertSettings) -> AlertSettings:
    """Alarm it elsewhere."""
    before = await show(session, scope)
    await repository.keep(session, scope, wanted.telegram_chat)
    await audit.record(
        session,
        scope,
        action=Deed.ALERT_SETTINGS_CHANGED,
        object_type="organisation",
        object_id=scope.organisation_id,
        before=before,
        after=wanted,
    )
    return wanted


async def _people(session: Session, organisation_id: UUID) -> list[tuple[str, Recipient]]:
    leaders = await accounts.leaders(session, organisation_id)
    chat = await repository.chat_of(session, organisation_id)
    if chat is not None:
        # Where Telegram has no account, or refuses, the first of the owners is told by mail.
        email = leaders[0].email if leaders else None
        return [("chat", Recipient(name="", telegram=chat, email=email))]
    return [(str(each.staff_id), Recipient(name=each.name, email=each.email)) for each in leaders]
