"""Which facts of a batch are new, and do they continue what we hold?"""

from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from cloud_api.fleet.facts.types import Break, FactFrame, Read, Sorted
from protocol.envelope import EnvelopeError, Flaw
from protocol.facts import Fact, fact_hash

UNKNOWN_KIND = "unknown"


def read_fact(exact: str, house: UUID, *, tolerant: bool) -> Read:
    """One fact's exact text. Raises EnvelopeError.

    A body this code does not know is kept all the same: losing it would break the chain for ever.
    """
    data = exact.encode()
    try:
        frame = FactFrame.from_bytes(data, tolerant=tolerant)
    except (ValidationError, RecursionError):
        raise EnvelopeError(Flaw.BAD_BODY, "a fact") from None
    if frame.house != house:
        raise EnvelopeError(Flaw.WRONG_HOUSE, "a fact")
    kind = frame.body.get("kind")
    return Read(
        sequence=frame.sequence,
        previous=frame.previous,
        hash=fact_hash(data),
        kind=kind[:100] if isinstance(kind, str) else UNKNOWN_KIND,
        exact=exact,
        at_earliest=frame.at_earliest,
        at_latest=frame.at_latest,
        body=frame.body,
        understood=_is_understood(data, tolerant=tolerant),
    )


def sort_facts(batch: Sequence[Read], *, through: int, head: str) -> Sorted:
    """Against `through`, the last number held, and `head`, its hash."""
    fresh: list[Read] = []
    repeated = tuple(fact for fact in batch if fact.sequence <= through)
    for fact in (each for each in batch if each.sequence > through):
        if fact.sequence > through + len(fresh) + 1:
            return Sorted(tuple(fresh), repeated, Break.GAP, fact.sequence)
        last = fresh[-1].hash if fresh else head
        if fact.sequence <= through + len(fresh) or fact.previous != last:
            return Sorted(tuple(fresh), repeated, Break.FORK, fact.sequence)
        fresh.append(fact)
    return Sorted(tuple(fresh), repeated)


def first_contradiction(repeated: Sequence[Read], held: dict[int, str]) -> int | None:
    """The number of a repeated fact that differs from what we hold; `held`: number → hash."""
    for fact in repeated:
        if fact.sequence in held and held[fact.sequence] != fact.hash:
            return fact.sequence
    return None


def _is_understood(data: bytes, *, tolerant: bool) -> bool:
    try:
        Fact.from_bytes(data, tolerant=tolerant)
    except (ValidationError, RecursionError):
        return False
    return True
