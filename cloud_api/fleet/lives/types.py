"""What does the cloud remember of the devices that speak as one house?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Lineage:
    """`holder`: the life that is the house's device, after the lives `former`, oldest first.

    `heard_at`: when it spoke last. `elder`: the holder before, where another took over while it was
    silent. `losers`: lives that are not the house's device, nor will one be that follows them.
    """

    holder: str
    number: int
    former: tuple[str, ...]
    heard_at: datetime
    elder: str | None = None
    losers: tuple[str, ...] = ()


class Verdict(StrEnum):
    """About a life that has just spoken.

    HOLDER: nothing new. FOLLOWS: the holder's next start, or the first heard. PROVE: it must show
    that it is alive now. TAKES_OVER: it is the holder from now on, another was. DOUBLED: there are
    two, and it has just lost. LOSER: it has lost before.
    """

    HOLDER = "holder"
    FOLLOWS = "follows"
    PROVE = "prove"
    TAKES_OVER = "takes_over"
    DOUBLED = "doubled"
    LOSER = "loser"


@dataclass(frozen=True, slots=True)
class Judged:
    """`among`: the lineage from now on. `loser`: the life that lost just now, if one did."""

    verdict: Verdict
    among: Lineage
    loser: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the house is told in its answer. All None: it is the only one."""

    prove: str | None = None
    rival: str | None = None


@dataclass(frozen=True, slots=True)
class Doubled:
    """Two devices speak as one house. `device`: the life that is its own; `others` are not."""

    device: str
    others: tuple[str, ...] = field(default=())
    since: datetime | None = None
    last_heard: datetime | None = None
