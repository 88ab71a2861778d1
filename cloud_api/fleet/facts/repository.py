"""How are facts kept, each once?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from cloud_api.fleet.facts.types import Read
from cloud_api.kit.db import Session

# The sender is known by its signature; its tenant follows from the house.
_LOCK = text(
    "SELECT facts_chain AS chain, facts_through AS through, facts_head AS head, facts_forked AS"
    " forked FROM fleet_houses WHERE house_id = :house_id FOR NO KEY UPDATE"
)
_HELD = text(
    "SELECT sequence, hash FROM fleet_facts"
    " WHERE house_id = :house_id AND chain = :chain AND sequence = ANY(:numbers)"
).bindparams(bindparam("numbers", type_=ARRAY(BigInteger())))
_INSERT = text(
    "INSERT INTO fleet_facts (house_id, chain, sequence, organisation_id, kind, exact, hash,"
    " received_at) VALUES (:house_id, :chain, :sequence, :organisation_id, :kind, :exact, :hash,"
    " :now)"
)
_ADVANCE = text(
    "UPDATE fleet_houses SET facts_through = :through, facts_head = :head, last_seen = :now"
    " WHERE house_id = :house_id"
)
_FORKED = text(
    "UPDATE fleet_houses SET facts_forked = :reason WHERE house_id = :house_id"
    " AND facts_forked IS DISTINCT FROM :reason RETURNING house_id"
)


@dataclass(frozen=True, slots=True)
class Chain:
    """How far a house's facts are held; the row is held."""

    chain: int
    through: int
    head: str
    forked: str | None


async def lock(session: Session, house_id: UUID) -> Chain | None:
    """Hold the house's row: one batch at a time."""
    row = (await session.execute(_LOCK, {"house_id": house_id})).one_or_none()
    return None if row is None else Chain(*row)


async def held(
    session: Session, house_id: UUID, chain: int, numbers: Sequence[int]
) -> dict[int, str]:
    """Number → hash of those we hold already."""
    values = {"house_id": house_id, "chain": chain, "numbers": list(numbers)}
    return {row.sequence: row.hash for row in await session.execute(_HELD, values)}


async def insert(
    session: Session,
    house_id: UUID,
    organisation_id: UUID,
    chain: int,
    facts: Sequence[Read],
    *,
    now: datetime,
) -> None:
    """Keep these, and move the head to the last of them."""
    common = {"house_id": house_id, "organisation_id": organisation_id, "chain": chain, "now": now}
    await session.execute(
        _INSERT,
        [
            {
                **common,
                "sequence": fact.sequence,
                "kind": fact.kind,
                "exact": fact.exact,
                "hash": fact.hash,
            }
            for fact in facts
        ],
    )
    last = facts[-1]
    values = {"house_id": house_id, "through": last.sequence, "head": last.hash, "now": now}
    await session.execute(_ADVANCE, values)


async def set_forked(session: Session, house_id: UUID, reason: str) -> bool:
    """True when this fork is new."""
    values = {"house_id": house_id, "reason": reason}
    return await session.scalar(_FORKED, values) is not None
