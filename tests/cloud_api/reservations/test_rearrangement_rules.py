"""Does the search for room find an option exactly where there is one, and never a wrong one?"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations, product
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_api.reservations.rearrangement.rules import room_for
from cloud_api.reservations.rearrangement.types import Plan, Room, Stay
from cloud_api.reservations.types import Nights

FIRST = date(2027, 3, 1)


def nights(start: int, length: int) -> Nights:
    return Nights(FIRST + timedelta(days=start), FIRST + timedelta(days=start + length))


def unit(number: int) -> UUID:
    return UUID(int=number + 1)


def stay(number: int, at: int, start: int, length: int, guests: int = 1) -> Stay:
    return Stay(UUID(int=1000 + number), unit(at), nights(start, length), guests)


def after(stays: Sequence[Stay], plan: Plan) -> list[Stay]:
    """Everybody where they are once the plan is done."""
    targets = {step.stay.reservation_id: step.to_unit_id for step in plan.steps}
    return [
        Stay(each.reservation_id, targets.get(each.reservation_id, each.unit_id), each.nights, each.guests)
        for each in stays
    ]  # fmt: skip


def is_sound(rooms: Sequence[Room], stays: Sequence[Stay], wish: Nights, at: UUID) -> bool:
    """No overlap, nobody in too small or closed a room, and the wished nights are free."""
    by_id = {room.unit_id: room for room in rooms}
    taken = [(at, wish), *((each.unit_id, each.nights) for each in stays)]
    if any(a[0] == b[0] and a[1].overlaps(b[1]) for a, b in combinations(taken, 2)):
        return False
    if any(each.guests > by_id[each.unit_id].capacity for each in stays):
        return False
    return not any(closed.overlaps(span) for where, span in taken for closed in by_id[where].closed)


def every_outcome(
    rooms: Sequence[Room], stays: Sequence[Stay], most: int
) -> Iterator[tuple[int, list[Stay]]]:
    """Every way to put at most `most` stays elsewhere, and how many moved."""
    for homes in product([room.unit_id for room in rooms], repeat=len(stays)):
        moved = sum(home != each.unit_id for home, each in zip(homes, stays, strict=True))
        if moved <= most:
            yield (
                moved,
                [
                    Stay(each.reservation_id, home, each.nights, each.guests)
                    for home, each in zip(homes, stays, strict=True)
                ],
            )


@st.composite
def boards(draw: st.DrawFn) -> tuple[list[Room], list[Stay]]:
    """Up to four rooms with stays that do not overlap, and some closed nights."""
    count = draw(st.integers(2, 4))
    capacities = [draw(st.integers(1, 3)) for _ in range(count)]
    closed: list[tuple[Nights, ...]] = []
    stays: list[Stay] = []
    for room in range(count):
        day, mine = draw(st.integers(0, 2)), []
        while day < 8:
            length = draw(st.integers(1, 3))
            what = draw(st.sampled_from(("stay", "stay", "gap", "closed")))
            if what == "stay" and len(stays) < 6:
                guests = draw(st.integers(1, capacities[room]))
                stays.append(stay(len(stays), room, day, length, guests))
            elif what == "closed":
                mine.append(nights(day, length))
            day += length
        closed.append(tuple(mine))
    rooms = [Room(unit(each), capacities[each], closed[each]) for each in range(count)]
    return rooms, stays


@settings(max_examples=150)
@given(
    board=boards(),
    start=st.integers(0, 6),
    length=st.integers(1, 4),
    guests=st.integers(1, 3),
    most=st.integers(0, 3),
)
def test_an_option_is_found_exactly_where_one_exists_and_with_the_fewest_moves(
    board: tuple[list[Room], list[Stay]], start: int, length: int, guests: int, most: int
) -> None:
    rooms, stays = board
    wish = nights(start, length)
    sought = room_for(rooms, stays, wish, guests, most_moves=most)
    assert sought.complete
    found = {plan.unit_id: len(plan.steps) for plan in sought.plans}
    outcomes = list(every_outcome(rooms, stays, most))
    for room in rooms:
        fewest = min(
            (moved for moved, then in outcomes if is_sound(rooms, then, wish, room.unit_id)),
            default=None,
        )
        assert found.get(room.unit_id) == (None if room.capacity < guests else fewest)


@settings(max_examples=150)
@given(board=boards(), start=st.integers(0, 6), length=st.integers(1, 4))
def test_doing_any_option_leaves_no_overlap_and_nobody_in_too_small_a_room(
    board: tuple[list[Room], list[Stay]], start: int, length: int
) -> None:
    rooms, stays = board
    wish = nights(start, length)
    for plan in room_for(rooms, stays, wish, 1).plans:
        assert is_sound(rooms, after(stays, plan), wish, plan.unit_id)
        assert len({step.stay.reservation_id for step in plan.steps}) == len(plan.steps)


def test_two_who_must_leave_are_checked_against_each_other() -> None:
    rooms = [Room(unit(each), 2) for each in range(3)]
    stays = [stay(0, 0, 0, 2), stay(1, 0, 2, 2), stay(2, 1, 2, 2), stay(3, 2, 0, 1)]
    [plan] = [
        each for each in room_for(rooms, stays, nights(0, 4), 1).plans if each.unit_id == unit(0)
    ]
    assert [step.to_unit_id for step in plan.steps] == [unit(1), unit(2)]


def test_a_stay_moves_on_to_make_room_for_another_that_moves() -> None:
    rooms = [Room(unit(0), 2), Room(unit(1), 2), Room(unit(2), 1)]
    stays = [stay(0, 0, 0, 2, guests=2), stay(1, 1, 0, 2)]
    plans = {each.unit_id: each for each in room_for(rooms, stays, nights(0, 2), 2).plans}
    assert [(s.stay.reservation_id.int, s.to_unit_id) for s in plans[unit(0)].steps] == [
        (1000, unit(1)),
        (1001, unit(2)),
    ]


def test_no_more_moves_than_the_bound() -> None:
    rooms = [Room(unit(0), 2), Room(unit(1), 2), Room(unit(2), 1)]
    stays = [stay(0, 0, 0, 2, guests=2), stay(1, 1, 0, 2)]
    found = room_for(rooms, stays, nights(0, 2), 2, most_moves=1).plans
    assert [each.unit_id for each in found] == [unit(1)]


def test_a_search_that_takes_too_long_says_so() -> None:
    rooms = [Room(unit(each), 2) for each in range(3)]
    stays = [stay(each, each, 0, 3) for each in range(3)]
    sought = room_for(rooms, stays, nights(0, 3), 1, effort=2)
    assert (sought.plans, sought.complete) == ((), False)
