"""How is what people agreed to hear read and written?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.messaging.models import PreferencesRow
from cloud_api.messaging.rules import DAY_BEGINS, DAY_ENDS
from cloud_api.messaging.types import Medium, PreferenceType

_REFUSE = text("""
INSERT INTO message_preferences
    (organisation_id, person, kinds, hours_from, hours_until, changed_at)
VALUES (:organisation_id, :person, jsonb_build_object(CAST(:kind AS text), false), :from, :until,
    :now)
ON CONFLICT (organisation_id, person) DO UPDATE SET changed_at = :now,
    kinds = message_preferences.kinds || jsonb_build_object(CAST(:kind AS text), false)
""")
_SAY = text("""
INSERT INTO message_preferences
    (organisation_id, person, media, hours_from, hours_until, opted_out_at, changed_at)
VALUES (:organisation_id, :person, jsonb_build_object(CAST(:medium AS text), CAST(:on AS boolean)),
    :from, :until, :out, :now)
ON CONFLICT (organisation_id, person) DO UPDATE SET changed_at = :now,
    opted_out_at = coalesce(CAST(:out AS timestamptz), message_preferences.opted_out_at),
    media = message_preferences.media
        || jsonb_build_object(CAST(:medium AS text), CAST(:on AS boolean))
""")
_OF_TELLER = "the organisation is the condition; whoever tells has no scope"


async def preferences_of(
    session: Session, organisation_id: UUID, person: str
) -> PreferencesRow | None:
    """What this person agreed to hear."""
    statement = select(PreferencesRow).where(
        PreferencesRow.organisation_id == organisation_id, PreferencesRow.person == person
    )
    return await session.scalar(across_tenants(statement, because=_OF_TELLER))


async def refuse(
    session: Session, organisation_id: UUID, person: str, kind: PreferenceType, *, now: datetime
) -> None:
    """From now on nothing of this kind."""
    values = {
        "organisation_id": organisation_id,
        "person": person,
        "kind": kind,
        "from": DAY_BEGINS,
        "until": DAY_ENDS,
        "now": now,
    }
    await session.execute(_REFUSE, values)


async def say(
    session: Session,
    organisation_id: UUID,
    person: str,
    medium: Medium,
    *,
    on: bool,
    now: datetime,
) -> None:
    """They said stop on this medium, with the date, or start again."""
    values = {
        "organisation_id": organisation_id,
        "person": person,
        "medium": medium,
        "on": on,
        "from": DAY_BEGINS,
        "until": DAY_ENDS,
        "out": None if on else now,
        "now": now,
    }
    await session.execute(_SAY, values)


async def keep_preferences(
    session: Session, organisation_id: UUID, person: str, values: dict[str, object]
) -> None:
    """Replace what a person agreed to."""
    statement = insert(PreferencesRow).values(
        organisation_id=organisation_id, person=person, **values
    )
    await session.execute(
        statement.on_conflict_do_update(index_elements=["organisation_id", "person"], set_=values)
    )
