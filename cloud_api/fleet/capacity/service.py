"""Would one more grant keep a house's book from being built?"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud_api.fleet.capacity import repository
from cloud_api.fleet.capacity.repository import Span
from cloud_api.fleet.capacity.rules import MOST_BYTES, weight
from cloud_api.fleet.errors import HouseFullError
from cloud_api.fleet.repository import GrantCells
from cloud_api.fleet.snapshots.rules import MOST_REVOKED
from cloud_api.kit.db import Session


@dataclass(frozen=True, slots=True)
class Room:
    """How full the fullest book of a span is before a change; None: far from full."""

    span: Span
    fullest: int | None


async def measure(session: Session, house_id: UUID, wanted: Sequence[GrantCells]) -> Room:
    """Before these are written: one statement, unless the house is nearly full."""
    span = Span(house_id, min(each.starts for each in wanted), max(each.ends for each in wanted))
    more = sum(
        weight(rights=len(each.rights), pins=len(each.pins), words=len(each.vaulted_words or b""))
        for each in wanted
    )
    there = await repository.size_of_all(session, span, most_revoked=MOST_REVOKED)
    if there + more <= MOST_BYTES:
        return Room(span, None)
    return Room(span, await _fullest(session, span))


async def refuse_overfull(session: Session, room: Room) -> None:
    """After they were written. HouseFullError where a book to come would be too large by them."""
    if room.fullest is None:
        return
    fullest = await _fullest(session, room.span)
    # What makes an overfull house no fuller (a shorter stay, a new link) must go through.
    if fullest > max(MOST_BYTES, room.fullest):
        raise HouseFullError(bytes_wanted=fullest, most_bytes=MOST_BYTES)


async def _fullest(session: Session, span: Span) -> int:
    return await repository.size_of_fullest(session, span, most_revoked=MOST_REVOKED)
