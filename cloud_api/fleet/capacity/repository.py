"""How is the database asked for the size of what a house shall hold?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from cloud_api.fleet.capacity.rules import (
    GRANT_BYTES,
    PIN_BYTES,
    REVOKED_BYTES,
    RIGHT_BYTES,
    WORDS_BYTES,
)
from cloud_api.kit.db import Session

# Constants of ours, no values of anybody's: they may stand in the statement.
_WEIGHT = (
    f"({GRANT_BYTES} + {RIGHT_BYTES} * cardinality(rights)"
    f" + {PIN_BYTES} * jsonb_array_length(pins)"
    f" + coalesce({WORDS_BYTES} + 2 * octet_length(vaulted_words), 0))"
)
_BESIDE = f"""(
    SELECT octet_length(doors::text) + octet_length(players::text)
        + {REVOKED_BYTES} * least(:most_revoked, (SELECT count(*) FROM fleet_tombstones
            WHERE house_id = :house_id AND until > now()))
    FROM fleet_houses WHERE house_id = :house_id
)"""  # noqa: S608 - our own numbers
# A grant is in every book from `ahead` before its start, a lease and one renewal, until its end.
# Only what is in some book together with the span asked about counts.
_LIVE = f"""
    SELECT g.starts, g.ends, {_WEIGHT} AS bytes, span.starts AS opens, span.ends AS closes, ahead
    FROM fleet_houses h
    CROSS JOIN make_interval(secs => h.lease_seconds * 7 / 6.0) AS ahead
    CROSS JOIN (
        SELECT CAST(:starts AS timestamptz) AS starts, CAST(:ends AS timestamptz) AS ends
    ) AS span
    JOIN fleet_grants g ON g.house_id = h.house_id AND g.withdrawn_at IS NULL
        AND g.ends > span.starts - ahead AND g.starts < span.ends + ahead
    WHERE h.house_id = :house_id
"""  # noqa: S608 - our own words
_ALL = text(f"SELECT coalesce((SELECT sum(bytes) FROM ({_LIVE}) AS live), 0) + {_BESIDE}")  # noqa: S608 - our own words
# At one instant begins count before ends: a book made just then holds both.
_PEAK = text(f"""
WITH live AS ({_LIVE})
SELECT coalesce(max(held), 0) + {_BESIDE} FROM (
    SELECT sum(change) OVER (ORDER BY at, change DESC ROWS UNBOUNDED PRECEDING) AS held
    FROM (SELECT greatest(starts, opens) - ahead AS at, bytes AS change
          FROM live WHERE starts - ahead < closes
          UNION ALL SELECT ends, -bytes FROM live WHERE ends < closes) AS changes
) AS moments
""")  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when a house's books are looked at."""

    house_id: UUID
    starts: datetime
    ends: datetime


async def size_of_all(session: Session, span: Span, *, most_revoked: int) -> int:
    """Bytes, were everything of these books in one."""
    return int(await session.scalar(_ALL, _values(span, most_revoked)) or 0)


async def size_of_fullest(session: Session, span: Span, *, most_revoked: int) -> int:
    """Bytes of the fullest of these books, each without what the builder may leave for later."""
    return int(await session.scalar(_PEAK, _values(span, most_revoked)) or 0)


def _values(span: Span, most_revoked: int) -> dict[str, object]:
    return {
        "house_id": span.house_id,
        "starts": span.starts,
        "ends": span.ends,
        "most_revoked": most_revoked,
    }
