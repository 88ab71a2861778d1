"""In which values does the house think about permission?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from protocol.access import Delegation, Grant, Refusal, Right, Role
from protocol.facts import Via
from protocol.house import ClockState, Snapshot
from protocol.ids import GrantId

_NO_GRANTS: Mapping[GrantId, Grant] = MappingProxyType({})
_NO_DELEGATIONS: Mapping[GrantId, Delegation] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Time:
    """Now lies in `[earliest, latest]`. `latest` None: nobody can tell how late it is."""

    earliest: datetime
    latest: datetime | None

    @property
    def state(self) -> ClockState:
        """Trusted when both ends are known."""
        return ClockState.TIME_UNKNOWN if self.latest is None else ClockState.TRUSTED


@dataclass(frozen=True, slots=True)
class Book:
    """The verified snapshot with what the house added: delegations and first uses.

    `revoked`: what this snapshot revokes, and what any before it did. `delegations` are those this
    house signed and has not ended; `arrived` are grants whose first use is on the house's record.
    A book without `snapshot` allows nothing.
    """

    snapshot: Snapshot | None = None
    grants: Mapping[GrantId, Grant] = _NO_GRANTS
    revoked: frozenset[UUID] = frozenset()
    delegations: Mapping[GrantId, Delegation] = _NO_DELEGATIONS
    arrived: frozenset[GrantId] = field(default_factory=frozenset)

    @classmethod
    def of(
        cls,
        snapshot: Snapshot | None,
        *,
        delegations: Mapping[GrantId, Delegation] = _NO_DELEGATIONS,
        arrived: frozenset[GrantId] = frozenset(),
        remembered: frozenset[UUID] = frozenset(),
    ) -> "Book":
        """The book of a verified snapshot; the first grant of an id counts.

        `remembered`: revoked before. An id never comes back, whatever a restored cloud forgot.
        """
        if snapshot is None:
            return cls(delegations=delegations, arrived=arrived)
        grants = {each.id: each for each in reversed(snapshot.grants)}
        revoked = frozenset(snapshot.revoked_ids) | remembered
        return cls(snapshot, MappingProxyType(grants), revoked, delegations, arrived)


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody, known by a grant, wants to use a right."""

    grant: GrantId
    right: Right
    via: Via = Via.LAN


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes."""

    role: Role


@dataclass(frozen=True, slots=True)
class Denied:
    """No, and why. `role` None: the grant is not known."""

    refusal: Refusal
    role: Role | None = None


Verdict = Allowed | Denied
