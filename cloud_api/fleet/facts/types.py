"""What does the inbox need to know of a fact before it is told onward?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from protocol.base import Instant, Sha256Hex, Wire
from protocol.ids import HouseId


class FactFrame(Wire):
    """The part of a fact every version has; a newer house may send a body we do not know."""

    house: HouseId
    sequence: int
    previous: Sha256Hex
    at_earliest: Instant
    at_latest: Instant | None
    body: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Read:
    """One fact as it will be stored. `understood`: its body is one this code knows."""

    sequence: int
    previous: str
    hash: str
    kind: str
    exact: str
    at_earliest: datetime
    at_latest: datetime | None
    body: dict[str, JsonValue]
    understood: bool


class Break(StrEnum):
    """How a batch can fail to continue the chain."""

    GAP = "gap"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch against what is known: what is new, what must be the same, and where it breaks."""

    fresh: tuple[Read, ...]
    repeated: tuple[Read, ...]
    broken: Break | None = None
    broken_at: int | None = None
