"""How are a property's habits and the letters called for read and written?"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.messaging.types import MessageEvent
from cloud_api.papers.letters.types import Call, Habits
from cloud_api.papers.models import LetterCallRow, LetterSettingsRow

_OF_CLOCK: Final = "the clock writes to every tenant's guests"
_FIELDS: Final = (
    *("invitation_days", "welcome_days", "key_days", "key_delayed_hours", "voucher_minutes"),
    *("thanks_days", "send_at", "check_out_at", "review_url", "contact"),
)
_FORGET: Final = text("DELETE FROM letter_calls WHERE called_at < :before")


async def habits_of(session: Session, property_ids: Collection[UUID]) -> dict[UUID, Habits]:
    """The habits of those of these properties that have any of their own."""
    statement = select(LetterSettingsRow).where(LetterSettingsRow.property_id.in_(property_ids))
    rows = await session.scalars(across_tenants(statement, because=_OF_CLOCK))
    return {row.property_id: _habits(row) for row in rows}


async def keep(session: Session, scope: Scope, property_id: UUID, habits: Habits) -> None:
    """Keep a property's habits, over those it has."""
    values = {name: getattr(habits, name) for name in _FIELDS} | {"off": sorted(habits.off)}
    key = {"property_id": property_id, "organisation_id": scope.organisation_id}
    statement = insert(LetterSettingsRow).values(**key, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[LetterSettingsRow.property_id],
            set_=values,
            where=LetterSettingsRow.organisation_id == scope.organisation_id,
        )
    )


async def own_habits(session: Session, scope: Scope, property_id: UUID) -> Habits | None:
    """The caller's property's habits."""
    statement = select(LetterSettingsRow).where(LetterSettingsRow.property_id == property_id)
    row = await session.scalar(scoped(statement, LetterSettingsRow, scope))
    return None if row is None else _habits(row)


async def called(session: Session, reservation_ids: Sequence[UUID]) -> set[tuple[UUID, str, str]]:
    """Which letters (booking, letter, fact) of these bookings were called for."""
    statement = select(
        LetterCallRow.reservation_id, LetterCallRow.letter, LetterCallRow.fact
    ).where(LetterCallRow.reservation_id.in_(reservation_ids))
    rows = await session.execute(across_tenants(statement, because=_OF_CLOCK))
    return {(booking, letter, fact) for booking, letter, fact in rows}


async def call(session: Session, wanted: Call) -> bool:
    """Note that this letter is called for; False where it was before."""
    statement = (
        insert(LetterCallRow)
        .values(
            organisation_id=wanted.organisation_id,
            reservation_id=wanted.reservation_id,
            letter=wanted.letter.value,
            fact=wanted.fact,
            called_at=wanted.called_at,
        )
        .on_conflict_do_nothing()
        .returning(LetterCallRow.fact)
    )
    return await session.scalar(statement) is not None


async def forget(session: Session, *, before: datetime) -> None:
    """Forget what was called for so long ago that it cannot be due again."""
    await session.execute(_FORGET, {"before": before})


def _habits(row: LetterSettingsRow) -> Habits:
    return Habits(
        off=frozenset(MessageEvent(each) for each in row.off),
        **{name: getattr(row, name) for name in _FIELDS},
    )
