"""Which bookings are a person's, and what of them is the person?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text

from cloud_api.kit.db import Session
from cloud_api.kit.paging import Window

NOBODY: Final = "Erased person"


class Which(StrEnum):
    """Stays not certain yet; those to come or going on; all others."""

    PENDING = "pending"
    UPCOMING = "upcoming"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Whose:
    """A person, and the contacts by which a booking that knows no client is theirs."""

    organisation_id: UUID
    client_id: UUID
    emails: Sequence[str]
    phones: Sequence[str]


_MINE = """
r.organisation_id = :organisation_id AND (r.client_id = :client_id OR (r.client_id IS NULL AND (
    lower(r.contact_email) = ANY(:emails)
    OR '+' || regexp_replace(r.contact_phone, '[^0-9]', '', 'g') = ANY(:phones))))
"""
_IDS = text(f"SELECT r.id FROM reservations AS r WHERE {_MINE} ORDER BY r.check_in, r.id")  # noqa: S608 - our own words
_LIVING = text(f"""
SELECT EXISTS (SELECT FROM reservations AS r WHERE {_MINE}
    AND r.status IN ('held', 'pending', 'under_review', 'confirmed'))
""")  # noqa: S608 - our own words
_PENDING = "r.status IN ('held', 'pending', 'under_review')"
# The departure day is the house's own.
_UPCOMING = """
r.status = 'confirmed' AND r.check_out > (SELECT (CAST(:now AS timestamptz) AT TIME ZONE h.zone)
    FROM houses AS h WHERE h.id = r.house_id)::date
"""
_KINDS = {
    Which.PENDING: (_PENDING, "r.check_in, r.id"),
    Which.UPCOMING: (_UPCOMING, "r.check_in, r.id"),
    Which.PAST: (f"NOT ({_PENDING}) AND NOT ({_UPCOMING})", "r.check_in DESC, r.id"),
}
_STAYS = {
    which: text(
        f"SELECT r.id FROM reservations AS r WHERE {_MINE} AND r.kind = 'stay' AND {condition}"  # noqa: S608 - our own words
        f" ORDER BY {order} LIMIT :limit OFFSET :offset"
    )
    for which, (condition, order) in _KINDS.items()
}
_HOW_MANY = {
    which: text(
        f"SELECT count(*) FROM reservations AS r WHERE {_MINE} AND r.kind = 'stay' AND {condition}"  # noqa: S608 - our own words
    )
    for which, (condition, _) in _KINDS.items()
}
_TOLD = text("""
SELECT id, code, kind, status, check_in, check_out, guests, channel, contact_name, contact_email,
    contact_phone, language, notes, reason, payment_note, paid_minor, paid_currency, created_at,
    confirmed_at, cancelled_at, checked_in_at, completed_at
FROM reservations WHERE organisation_id = :organisation_id AND id = ANY(:ids)
ORDER BY check_in, id
""")
_FORGET = text("""
UPDATE reservations SET contact_name = :nobody, contact_email = NULL, contact_phone = NULL,
    notes = '', reason = '', payment_note = CASE WHEN payment_note IS NOT NULL THEN '' END
WHERE organisation_id = :organisation_id AND id = ANY(:ids)
""")
_ENDED = text("""
SELECT id, check_out FROM reservations WHERE id = ANY(:ids)
AND status IN ('completed', 'no_show', 'cancelled', 'rejected', 'expired')
""")


async def ids(session: Session, whose: Whose) -> list[UUID]:
    """Their bookings, the earliest first."""
    return list((await session.execute(_IDS, _key(whose))).scalars())


async def stays(
    session: Session, whose: Whose, which: Which, window: Window, *, now: datetime
) -> tuple[list[UUID], int]:
    """A page of their stays, the next (or the last) first, and how many there are."""
    key = _key(whose) | ({} if which is Which.PENDING else {"now": now})
    total = await session.scalar(_HOW_MANY[which], key)
    page = {**key, "limit": window.limit, "offset": window.offset}
    return list((await session.execute(_STAYS[which], page)).scalars()), total or 0


async def has_living(session: Session, whose: Whose) -> bool:
    """Is one of them not over yet?"""
    return bool(await session.scalar(_LIVING, _key(whose)))


async def told(session: Session, organisation_id: UUID, ids: Sequence[UUID]) -> list[RowMapping]:
    """All that stands in these bookings."""
    key = {"organisation_id": organisation_id, "ids": list(ids)}
    return list((await session.execute(_TOLD, key)).mappings())


async def forget(session: Session, organisation_id: UUID, ids: Sequence[UUID]) -> None:
    """Take the person out of these bookings."""
    key = {"organisation_id": organisation_id, "ids": list(ids), "nobody": NOBODY}
    await session.execute(_FORGET, key)


async def ended(session: Session, ids: Sequence[UUID]) -> dict[UUID, date]:
    """The last day of those of these bookings that are over, of every tenant."""
    rows = await session.execute(_ENDED, {"ids": list(ids)})
    return {row.id: row.check_out for row in rows}


def _key(whose: Whose) -> dict[str, object]:
    return {
        "organisation_id": whose.organisation_id,
        "client_id": whose.client_id,
        "emails": list(whose.emails),
        "phones": list(whose.phones),
    }
