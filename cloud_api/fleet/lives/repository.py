"""Where is it kept which device is a house's own?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, Text, Uuid

from cloud_api.fleet.lives.types import Doubled, Lineage
from cloud_api.kit.db import Session

# The sender is known by its signature; its tenant follows from the house.
_FIND = text("""
SELECT holder, number, former, heard_at, elder, losers, asked, challenge
FROM fleet_lives WHERE house_id = :house_id
""")
_KEEP = text("""
INSERT INTO fleet_lives (house_id, organisation_id, holder, number, former, heard_at, elder,
    losers, doubled_at, loser_heard_at)
VALUES (:house_id, :organisation_id, :holder, :number, :former, :heard_at, :elder, :losers,
    :loser_heard_at, :loser_heard_at)
ON CONFLICT (house_id) DO UPDATE SET holder = :holder, number = :number, former = :former,
    heard_at = :heard_at, elder = :elder, losers = :losers, asked = NULL, challenge = NULL,
    doubled_at = coalesce(fleet_lives.doubled_at, :loser_heard_at),
    loser_heard_at = coalesce(:loser_heard_at, fleet_lives.loser_heard_at)
""").bindparams(
    bindparam("former", type_=ARRAY(Text())),
    bindparam("losers", type_=ARRAY(Text())),
    bindparam("elder", type_=Text()),
    bindparam("loser_heard_at", type_=DateTime(timezone=True)),
)
_CHALLENGE = text(
    "UPDATE fleet_lives SET asked = :asked, challenge = :challenge WHERE house_id = :house_id"
)
_FORGET = text("DELETE FROM fleet_lives WHERE house_id = :house_id")
_HAS_LOST = text(
    "SELECT :life = ANY(losers) FROM fleet_lives WHERE house_id = :house_id"
).bindparams(bindparam("life", type_=Text()))
# The houses were chosen by the caller's own scope.
_DOUBLED = text("""
SELECT house_id, holder, losers, doubled_at, loser_heard_at FROM fleet_lives
WHERE house_id = ANY(:house_ids) AND loser_heard_at > :after
""").bindparams(bindparam("house_ids", type_=ARRAY(Uuid())))


@dataclass(frozen=True, slots=True)
class Known:
    """The lineage, and which life was last asked to prove itself, with what."""

    lineage: Lineage
    asked: str | None
    challenge: str | None


async def find(session: Session, house_id: UUID) -> Known | None:
    """None before the first life was heard."""
    row = (await session.execute(_FIND, {"house_id": house_id})).one_or_none()
    if row is None:
        return None
    lineage = Lineage(
        row.holder, row.number, tuple(row.former), row.heard_at, row.elder, tuple(row.losers)
    )
    return Known(lineage, row.asked, row.challenge)


async def keep(
    session: Session,
    house_id: UUID,
    organisation_id: UUID,
    lineage: Lineage,
    *,
    loser_heard_at: datetime | None,
) -> None:
    """The lineage from now on; an open challenge is over."""
    values = {
        "house_id": house_id,
        "organisation_id": organisation_id,
        "holder": lineage.holder,
        "number": lineage.number,
        "former": list(lineage.former),
        "heard_at": lineage.heard_at,
        "elder": lineage.elder,
        "losers": list(lineage.losers),
        "loser_heard_at": loser_heard_at,
    }
    await session.execute(_KEEP, values)


async def challenge(session: Session, house_id: UUID, *, life: str, nonce: str) -> None:
    """This life must prove itself with that."""
    values = {"house_id": house_id, "asked": life, "challenge": nonce}
    await session.execute(_CHALLENGE, values)


async def forget(session: Session, house_id: UUID) -> None:
    """A new device, with a key of its own, begins anew."""
    await session.execute(_FORGET, {"house_id": house_id})


async def has_lost(session: Session, house_id: UUID, life: str) -> bool:
    """Whether this life is known not to be the house's device."""
    return bool(await session.scalar(_HAS_LOST, {"house_id": house_id, "life": life}))


async def doubled(
    session: Session, house_ids: Sequence[UUID], *, after: datetime
) -> dict[UUID, Doubled]:
    """Those of which a second device was heard since."""
    rows = await session.execute(_DOUBLED, {"house_ids": list(house_ids), "after": after})
    return {
        row.house_id: Doubled(row.holder, tuple(row.losers), row.doubled_at, row.loser_heard_at)
        for row in rows
    }
