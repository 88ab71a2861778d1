"""Which rows of points, achievements and rankings are a person's?"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text

from cloud_api.kit.db import Session

_MEMBER: Final = text("""
SELECT code, referred_by, referred_at, balance, expires_on FROM loyalty_members
WHERE organisation_id = :organisation_id AND client_id = :client_id
""")
_ENTRIES: Final = text("""
SELECT kind, points, reservation_id, reason, created_at FROM points_entries
WHERE organisation_id = :organisation_id AND client_id = :client_id ORDER BY created_at, id
""")
_AWARDS: Final = text("""
SELECT a.name, w.earned_at, w.revoked_at FROM client_achievements AS w
JOIN achievements AS a ON a.id = w.achievement_id
WHERE w.organisation_id = :organisation_id AND w.client_id = :client_id ORDER BY w.earned_at
""")
_PLACES: Final = text("""
SELECT month, position, stays, new_referrals, points FROM referral_rankings
WHERE organisation_id = :organisation_id AND client_id = :client_id ORDER BY month
""")
_ENTERED: Final = text("""
SELECT c.title, e.status, e.registered_at, e.reason, e.winner, e.prize
FROM contest_entries AS e JOIN contests AS c ON c.id = e.contest_id
WHERE e.organisation_id = :organisation_id AND e.client_id = :client_id ORDER BY e.registered_at
""")
TOLD: Final = {
    "points": _ENTRIES,
    "membership": _MEMBER,
    "achievements": _AWARDS,
    "rankings": _PLACES,
    "contests": _ENTERED,
}
_FORGET: Final = (
    text("""
UPDATE contest_entries SET reason = ''
WHERE organisation_id = :organisation_id AND client_id = :client_id AND reason <> ''
"""),
    text("""
UPDATE loyalty_members SET code = NULL
WHERE organisation_id = :organisation_id AND client_id = :client_id
"""),
    text("""
UPDATE points_entries SET reason = ''
WHERE organisation_id = :organisation_id AND client_id = :client_id AND reason <> ''
"""),
)


async def told(
    session: Session, organisation_id: UUID, client_id: UUID
) -> dict[str, Sequence[RowMapping]]:
    """All that stands here of one person."""
    key = {"organisation_id": organisation_id, "client_id": client_id}
    return {
        name: list((await session.execute(statement, key)).mappings())
        for name, statement in TOLD.items()
    }


async def forget(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """Take out what names or describes the person; points and places stay as numbers."""
    for statement in _FORGET:
        await session.execute(
            statement, {"organisation_id": organisation_id, "client_id": client_id}
        )
