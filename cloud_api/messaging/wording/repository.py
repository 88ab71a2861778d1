"""How are an organisation's own words read and written?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.messaging.models import TemplateRow
from cloud_api.messaging.types import Medium, MessageEvent
from cloud_api.messaging.wording.types import Place, Words


async def own(
    session: Session,
    organisation_id: UUID,
    event: MessageEvent,
    medium: Medium,
    languages: Sequence[str],
) -> dict[str, TemplateRow]:
    """The organisation's own words in these languages."""
    statement = select(TemplateRow).where(
        TemplateRow.organisation_id == organisation_id,
        TemplateRow.event == event,
        TemplateRow.medium == medium,
        TemplateRow.language.in_(languages),
    )
    because = "the organisation is the condition; whoever tells has no scope"
    return {
        row.language: row
        for row in await session.scalars(across_tenants(statement, because=because))
    }


async def all_own(session: Session, scope: Scope, event: MessageEvent | None) -> list[TemplateRow]:
    """All words an organisation has written itself."""
    statement = scoped(select(TemplateRow), TemplateRow, scope)
    if event is not None:
        statement = statement.where(TemplateRow.event == event)
    ordered = statement.order_by(TemplateRow.event, TemplateRow.medium, TemplateRow.language)
    return list(await session.scalars(ordered))


async def keep(
    session: Session, organisation_id: UUID, place: Place, words: Words, *, replace: bool = True
) -> bool:
    """Write, over what is there if `replace`; was anything written?"""
    values = {
        "subject": words.subject,
        "body": words.body,
        "html": words.html,
        "vendor_template": words.vendor_template,
        "vendor_variables": list(words.vendor_variables),
    }
    statement = insert(TemplateRow).values(
        organisation_id=organisation_id, **place._asdict(), **values
    )
    keys = ["organisation_id", "event", "medium", "language"]
    upsert = (
        statement.on_conflict_do_update(index_elements=keys, set_=values)
        if replace
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    written = await session.scalar(upsert.returning(TemplateRow.body))
    return written is not None


async def drop(session: Session, scope: Scope, place: Place) -> bool:
    """Forget the organisation's own words; False when it had none."""
    statement = delete(TemplateRow).where(
        TemplateRow.event == place.event,
        TemplateRow.medium == place.medium,
        TemplateRow.language == place.language,
    )
    gone = await session.scalars(scoped(statement, TemplateRow, scope).returning(TemplateRow.body))
    return gone.first() is not None
