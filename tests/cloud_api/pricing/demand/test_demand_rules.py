"""How much does an event fill the town, and what is asked next?"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.kit.money import Money
from cloud_api.pricing.demand import rules
from cloud_api.pricing.demand.types import (
    Cursor,
    Demand,
    EventStatus,
    Happening,
    Numbers,
    Told,
    Venue,
)

_NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
_DAY = date(2027, 6, 1)
_ARENA = Venue(UUID(int=1), "Arena", bonus=40)
_WAREHOUSE = Venue(
    UUID(int=2),
    "Warehouse Project",
    bonus=50,
    by_title=True,
    always_alert=True,
    price=Money(200_00, "GBP"),
)
_GIG = Happening("G1", "Band", _DAY, EventStatus.ON_SALE, venue="Small Club")
_IN_THE_ARENA = replace(_GIG, venue="The Arena, Manchester")


def _score(happening: Happening, *venues: Venue) -> int:
    return rules.opinion(happening, venues, Numbers(), now=_NOW).score


def _sold_out(happening: Happening) -> Happening:
    return replace(happening, status=EventStatus.OFF_SALE)


def test_every_event_has_a_base() -> None:
    assert _score(_GIG) == 15


def test_sold_out_adds_fifty() -> None:
    assert _score(_sold_out(_GIG)) == 65


@pytest.mark.parametrize(
    ("price", "points"),
    [
        (15, 0),
        (16, 5),
        (30, 5),
        (31, 12),
        (50, 12),
        (51, 22),
        (75, 22),
        (76, 28),
        (100, 28),
        (101, 35),
    ],
)
def test_a_dear_ticket_adds_points(price: int, points: int) -> None:
    assert _score(replace(_GIG, most_price=price)) == 15 + points


def test_the_dearest_ticket_counts_else_the_cheapest() -> None:
    assert _score(replace(_GIG, least_price=16, most_price=101)) == 50
    assert _score(replace(_GIG, least_price=101)) == 50


def test_a_hall_that_is_minded_adds_its_bonus() -> None:
    assert _score(replace(_IN_THE_ARENA, most_price=10), _ARENA) == 55
    assert _score(replace(_GIG, most_price=10), _ARENA) == 15


def test_a_hall_of_a_bonus_without_ticket_prices_adds_fifteen() -> None:
    assert _score(_IN_THE_ARENA, _ARENA) == 70
    assert _score(_IN_THE_ARENA, replace(_ARENA, bonus=0)) == 15


def test_a_score_stops_at_a_hundred() -> None:
    assert _score(_sold_out(replace(_IN_THE_ARENA, most_price=500)), _ARENA) == 100


def test_a_hall_is_known_by_the_vendors_id_before_its_name() -> None:
    by_id = Venue(UUID(int=3), "Elsewhere", vendor_id="V1", bonus=25)
    told = replace(_IN_THE_ARENA, venue_id="V1", most_price=10)
    assert _score(told, _ARENA, by_id) == 40


def test_an_events_title_names_a_hall_only_where_that_was_said() -> None:
    told = replace(_GIG, name="The Warehouse Project: Opening", most_price=10)
    assert _score(told, _WAREHOUSE) == 65
    assert _score(told, replace(_WAREHOUSE, by_title=False)) == 15


@pytest.mark.parametrize(
    ("score", "level", "price"),
    [
        (39, Demand.LOW, 80_00),
        (40, Demand.MEDIUM, 100_00),
        (59, Demand.MEDIUM, 100_00),
        (60, Demand.HIGH, 150_00),
        (79, Demand.HIGH, 150_00),
        (80, Demand.CRITICAL, 200_00),
    ],
)
def test_the_level_and_the_price_go_by_the_score(score: int, level: Demand, price: int) -> None:
    assert rules.level(score, Numbers()) is level
    assert rules.suggested(score, None, Numbers(), sold_out=False) == Money(price, "GBP")


def test_sold_out_and_high_is_worth_as_much_as_critical() -> None:
    assert rules.suggested(60, None, Numbers(), sold_out=True).minor == 200_00
    assert rules.suggested(59, None, Numbers(), sold_out=True).minor == 100_00


def test_a_halls_own_price_stands_above_any_score() -> None:
    assert rules.suggested(0, _WAREHOUSE, Numbers(), sold_out=False).minor == 200_00


@pytest.mark.parametrize(
    ("begins", "ends", "sold_out"),
    [
        (None, None, True),
        (_NOW - timedelta(days=9), _NOW + timedelta(days=9), True),
        (_NOW + timedelta(days=1), None, False),
        (None, _NOW - timedelta(days=1), False),
    ],
)
def test_off_sale_is_sold_out_only_while_tickets_are_sold(
    begins: datetime | None, ends: datetime | None, *, sold_out: bool
) -> None:
    told = replace(_sold_out(_GIG), sale_begins=begins, sale_ends=ends)
    assert rules.is_sold_out(told, now=_NOW) is sold_out


@pytest.mark.parametrize("status", [EventStatus.CANCELLED, EventStatus.POSTPONED])
def test_an_event_that_is_off_fills_nothing_and_alerts_nobody(status: EventStatus) -> None:
    told = replace(_GIG, name="Warehouse Project", status=status, most_price=500)
    view = rules.opinion(told, [_WAREHOUSE], Numbers(), now=_NOW)
    assert (view.score, view.demand, view.alert) == (0, Demand.LOW, False)


def _alerts(happening: Happening, *venues: Venue) -> bool:
    return rules.opinion(happening, venues, Numbers(), now=_NOW).alert


def test_what_alerts() -> None:
    assert _alerts(replace(_GIG, name="Warehouse Project"), _WAREHOUSE)
    assert _alerts(_sold_out(_IN_THE_ARENA), replace(_ARENA, bonus=0))
    assert not _alerts(_sold_out(_IN_THE_ARENA), replace(_ARENA, bonus=0, priority=False))
    assert not _alerts(_sold_out(_GIG))
    assert not _alerts(_IN_THE_ARENA, _ARENA)


def test_an_event_of_eighty_points_alerts_wherever_it_is() -> None:
    assert _alerts(_sold_out(replace(_GIG, most_price=60)))


_prices = st.none() | st.integers(0, 1000)
_gigs = st.builds(
    Happening,
    vendor_id=st.just("G1"),
    name=st.sampled_from(["Band", "Warehouse Project"]),
    day=st.just(_DAY),
    status=st.sampled_from(EventStatus),
    venue=st.sampled_from(["Arena", "Small Club"]),
    starts=st.just(time(20)),
    least_price=_prices,
    most_price=_prices,
)


@given(_gigs, st.lists(st.sampled_from([_ARENA, _WAREHOUSE]), max_size=2))
def test_a_score_is_never_below_nothing_nor_above_a_hundred(
    happening: Happening, venues: list[Venue]
) -> None:
    assert 0 <= _score(happening, *venues) <= 100


@given(_gigs, st.integers(0, 1000))
def test_a_dearer_ticket_never_lowers_the_score(happening: Happening, more: int) -> None:
    cheaper = replace(happening, most_price=happening.most_price or 0)
    dearer = replace(cheaper, most_price=(cheaper.most_price or 0) + more)
    assert _score(dearer) >= _score(cheaper)


@given(st.dictionaries(st.integers(0, 364), st.integers(1, 900), max_size=20))
def test_every_day_is_asked_for_and_no_page_lies_too_deep(crowds: dict[int, int]) -> None:
    """However the events lie: whole, unless one single day alone has a thousand."""
    today, seen, asked = date(2027, 1, 1), set[tuple[int, int]](), 0
    cursor: Cursor | None = rules.beginning(today, 365)
    while cursor is not None:
        asked += 1
        assert asked < 2_000
        assert rules.PAGE_SIZE * cursor.page < 1_000
        first, until = ((each - today).days for each in (cursor.first, cursor.until))
        inside = [(d, n) for d in range(first, until) for n in range(crowds.get(d, 0))]
        at = rules.PAGE_SIZE * cursor.page
        seen.update(inside[at : at + rules.PAGE_SIZE])
        told = Told((), total=len(inside), pages=-(-len(inside) // rules.PAGE_SIZE))
        cursor = rules.step(cursor, told)
    assert len(seen) == sum(crowds.values())


@given(st.integers(0, 20_000), st.integers(1, 10_000))
def test_whole_searches_are_so_far_apart_that_a_day_has_room_for_them(
    requests: int, limit: int
) -> None:
    apart = rules.again_after(requests, limit)
    assert apart >= timedelta(minutes=10)
    assert requests * (timedelta(days=1) / apart) <= limit + 1


@given(
    st.integers(0, 6_000),
    st.integers(0, 6_000),
    st.none() | st.integers(0, 5_000).map(lambda ms: _NOW - timedelta(milliseconds=ms)),
)
def test_never_more_than_five_together_and_never_more_than_is_left(
    used: int, limit: int, granted_at: datetime | None
) -> None:
    granted = rules.may_go(used=used, limit=limit, granted_at=granted_at, now=_NOW)
    assert 0 <= granted <= 5
    assert granted == 0 or used + granted <= limit
    if granted_at is not None and _NOW - granted_at < timedelta(seconds=2):
        assert granted == 0
