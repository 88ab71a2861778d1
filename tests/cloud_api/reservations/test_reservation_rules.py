"""Does the transition table hold exactly what it should, and are dates judged right?"""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.reservations.rules import (
    TRANSITIONS,
    DateFault,
    can,
    channel_label,
    date_fault,
    guests_fault,
    move_fault,
    next_status,
    same_contact,
)
from cloud_api.reservations.types import (
    LIVE,
    MAX_DAYS_AHEAD,
    MAX_NIGHTS,
    Action,
    Contact,
    Kind,
    Nights,
    Status,
    Who,
)

TODAY = date(2027, 3, 28)

# Written out by hand, not derived from the table: status -> action -> (next, who).
STAYS = {
    "held": {
        "submit": ("pending", "guest staff payment"),
        "confirm": ("confirmed", "staff payment"),
        "reject": ("rejected", "staff"),
        "cancel": ("cancelled", "guest staff"),
        "expire": ("expired", "clock"),
        "extend_hold": ("held", "guest staff"),
        "move": ("held", "staff"),
    },
    "pending": {
        "review": ("under_review", "guest staff payment"),
        "confirm": ("confirmed", "staff payment"),
        "reject": ("rejected", "staff"),
        "cancel": ("cancelled", "guest staff"),
        "move": ("pending", "staff"),
    },
    "under_review": {
        "confirm": ("confirmed", "staff payment"),
        "reject": ("rejected", "staff"),
        "cancel": ("cancelled", "guest staff"),
        "move": ("under_review", "staff"),
    },
    "confirmed": {
        "cancel": ("cancelled", "staff"),
        "move": ("confirmed", "staff"),
        "check_in": ("confirmed", "staff"),
        "check_out": ("completed", "staff"),
        "no_show": ("no_show", "staff"),
        "complete": ("completed", "clock"),
    },
    "expired": {"revive": ("confirmed", "payment")},
    "cancelled": {"revive": ("confirmed", "payment")},
}
BLOCKS = {
    "confirmed": {
        "cancel": ("cancelled", "staff"),
        "move": ("confirmed", "staff"),
        "complete": ("completed", "clock"),
    }
}
STANDING = dict.fromkeys(("held", "pending", "under_review"), ("completed", "clock"))


def _expected(
    status: Status, action: Action, who: Who, kind: Kind, *, standing: bool
) -> str | None:
    table = STAYS if kind is Kind.STAY else BLOCKS
    found = table.get(status, {}).get(action)
    if action is Action.COMPLETE and standing and kind is Kind.STAY and status in STANDING:
        found = STANDING[status]
    return found[0] if found and who in found[1].split() else None


@pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
def test_every_deed_by_everybody_from_every_status_has_the_written_answer(
    status: Status, action: Action
) -> None:
    for who, kind, standing in product(Who, Kind, (False, True)):
        expected = _expected(status, action, who, kind, standing=standing)
        answer = next_status(status, action, who=who, kind=kind, standing=standing)
        assert answer == expected, (who, kind, standing)
        allowed = can(status, action, who=who, kind=kind, standing=standing)
        assert allowed is (expected is not None)


def test_nothing_but_late_money_leaves_a_final_status() -> None:
    ending = [row for row in TRANSITIONS if row.action is not Action.REVIVE]
    assert {row.source for row in ending} == LIVE


def test_no_deed_has_two_answers() -> None:
    assert len({(row.source, row.action) for row in TRANSITIONS}) == len(TRANSITIONS)


@pytest.mark.parametrize(
    ("check_in", "nights", "fault"),
    [
        (0, 1, None),
        (0, MAX_NIGHTS, None),
        (0, MAX_NIGHTS + 1, DateFault.TOO_LONG),
        (-1, 1, DateFault.PAST),
        (3, 0, DateFault.NO_NIGHT),
        (3, -2, DateFault.NO_NIGHT),
        (MAX_DAYS_AHEAD - 1, 1, None),
        (MAX_DAYS_AHEAD, 1, DateFault.TOO_FAR),
    ],
)
def test_new_dates_are_refused_for_the_right_reason(
    check_in: int, nights: int, fault: DateFault | None
) -> None:
    start = TODAY + timedelta(days=check_in)
    assert date_fault(Nights(start, start + timedelta(days=nights)), today=TODAY) == fault


def test_a_stay_that_has_begun_keeps_its_beginning_and_can_be_cut_to_today() -> None:
    begun = Nights(TODAY - timedelta(days=2), TODAY + timedelta(days=5))
    assert move_fault(begun, Nights(begun.check_in, TODAY), today=TODAY) is None
    yesterday = Nights(begun.check_in, TODAY - timedelta(days=1))
    assert move_fault(begun, yesterday, today=TODAY) is DateFault.ENDED
    earlier = Nights(begun.check_in - timedelta(days=1), begun.check_out)
    assert move_fault(begun, earlier, today=TODAY) is DateFault.PAST
    assert move_fault(begun, Nights(TODAY, TODAY), today=TODAY) is DateFault.NO_NIGHT


@pytest.mark.parametrize(
    ("guests", "allowed"), [(-1, False), (0, False), (1, True), (4, True), (5, False)]
)
def test_guests_are_at_least_one_and_at_most_the_beds(guests: int, *, allowed: bool) -> None:
    assert (guests_fault(guests, capacity=4) is None) is allowed


_DAYS = st.integers(0, 60)


@given(_DAYS, st.integers(1, 30), _DAYS, st.integers(1, 30))
def test_overlap_is_symmetric_and_is_having_a_night_in_common(
    first: int, nights: int, second: int, others: int
) -> None:
    one = Nights(TODAY + timedelta(days=first), TODAY + timedelta(days=first + nights))
    two = Nights(TODAY + timedelta(days=second), TODAY + timedelta(days=second + others))
    slept = {first + day for day in range(nights)} & {second + day for day in range(others)}
    assert one.overlaps(two) is two.overlaps(one) is bool(slept)
    assert one.common(two) == tuple(TODAY + timedelta(days=day) for day in sorted(slept))


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("ana@example.org", True),
        (" ANA@Example.org ", True),
        ("+54 9 11 5555-0134", True),
        ("5491155550134", True),
        ("ana@example.com", False),
        ("0134", False),
        ("", False),
        ("Ana", False),
    ],
)
def test_a_contact_is_recognised_however_it_is_written(asked: str, *, known: bool) -> None:
    contact = Contact("Ana", "ana@example.org", "+54 (9) 11 5555 0134")
    assert same_contact(asked, contact) is known


def test_nobody_is_recognised_by_what_is_not_there() -> None:
    assert not same_contact("", Contact("Ana"))
    assert not same_contact("12345", Contact("Ana"))


def test_callers_cannot_invent_new_time_series() -> None:
    assert channel_label("whatsapp") == "whatsapp"
    assert channel_label("made_up_by_somebody") == "other"
