"""Which fewest moves among equal units make one of them free? Values in, values out.

Putting a stay into a unit turns out whoever is there on its nights; each of them needs another
unit, and so on, until nobody is left over. A stay moves once, and where the moves are fewest every
one of them was forced by another: so following only what is turned out misses no answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud_api.reservations.rearrangement.types import MOST_MOVES, Plan, Room, Sought, Stay, Step
from cloud_api.reservations.types import Nights

MOST_EFFORT = 20_000
"""How many placings are tried for one unit before the search gives up."""


class _EffortSpentError(Exception):
    """The search has taken as long as it may."""


@dataclass(slots=True)
class _Effort:
    left: int

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise _EffortSpentError


@dataclass(frozen=True, slots=True)
class _Board:
    """Who stands where; `rooms` in the order in which they are tried."""

    rooms: tuple[Room, ...]
    stays: tuple[Stay, ...]

    def turned_out(self, unit_id: UUID, nights: Nights, gone: frozenset[UUID]) -> list[Stay]:
        """Who has to leave this unit for these nights, unless gone already."""
        return [
            each
            for each in self.stays
            if each.unit_id == unit_id
            and each.reservation_id not in gone
            and each.nights.overlaps(nights)
        ]


@dataclass(frozen=True, slots=True)
class _Placed:
    unit_id: UUID
    nights: Nights


@dataclass(frozen=True, slots=True)
class _State:
    """What is decided: who was placed where, who waits for a place, by which steps."""

    placed: tuple[_Placed, ...]
    waiting: tuple[Stay, ...]
    steps: tuple[Step, ...]
    gone: frozenset[UUID]


def room_for(
    rooms: Sequence[Room],
    stays: Iterable[Stay],
    nights: Nights,
    guests: int,
    *,
    most_moves: int = MOST_MOVES,
    effort: int = MOST_EFFORT,
) -> Sought:
    """For each unit that sleeps `guests`: the fewest moves, at most `most_moves`, that free it.

    Units nothing can free are left out; the fewest moves come first, then the order of `rooms`.
    """
    board = _Board(tuple(rooms), tuple(stays))
    plans: list[Plan] = []
    complete = True
    for room in board.rooms:
        if room.capacity < guests:
            continue
        try:
            steps = _fewest(board, room, nights, most_moves, _Effort(effort))
        except _EffortSpentError:
            complete = False
            continue
        if steps is not None:
            plans.append(Plan(room.unit_id, steps))
    plans.sort(key=lambda plan: len(plan.steps))
    return Sought(tuple(plans), complete)


def _fewest(
    board: _Board, room: Room, nights: Nights, most: int, effort: _Effort
) -> tuple[Step, ...] | None:
    if _is_closed(room, nights):
        return None
    first = board.turned_out(room.unit_id, nights, frozenset())
    start = _State(
        placed=(_Placed(room.unit_id, nights),),
        waiting=tuple(first),
        steps=(),
        gone=frozenset(each.reservation_id for each in first),
    )
    for bound in range(len(first), most + 1):
        steps = _settle(board, start, bound, effort)
        if steps is not None:
            return steps
    return None


def _settle(board: _Board, state: _State, bound: int, effort: _Effort) -> tuple[Step, ...] | None:
    """Find places for everybody who waits, in at most `bound` steps in all."""
    if len(state.gone) > bound:
        return None
    if not state.waiting:
        return state.steps
    stay = state.waiting[0]
    for room in board.rooms:
        effort.spend()
        if not _may_take(room, stay, state.placed):
            continue
        steps = _settle(board, _with(board, state, stay, room), bound, effort)
        if steps is not None:
            return steps
    return None


def _with(board: _Board, state: _State, stay: Stay, room: Room) -> _State:
    """As it is once this stay is in that room and whoever was there waits in its turn."""
    out = board.turned_out(room.unit_id, stay.nights, state.gone)
    return _State(
        placed=(*state.placed, _Placed(room.unit_id, stay.nights)),
        waiting=(*state.waiting[1:], *out),
        steps=(*state.steps, Step(stay, room.unit_id)),
        gone=state.gone.union(each.reservation_id for each in out),
    )


def _may_take(room: Room, stay: Stay, placed: Iterable[_Placed]) -> bool:
    if room.unit_id == stay.unit_id or room.capacity < stay.guests:
        return False
    if _is_closed(room, stay.nights):
        return False
    return not any(
        each.unit_id == room.unit_id and each.nights.overlaps(stay.nights) for each in placed
    )


def _is_closed(room: Room, nights: Nights) -> bool:
    return any(closed.overlaps(nights) for closed in room.closed)
