"""Does the one answer follow the rules, reason by reason?"""

from datetime import datetime, timedelta

import pytest

from edge_agent.policy.decide import alive, decide, with_delegation
from edge_agent.policy.model import Allowed, Book, Denied, Time, Verdict, Wish
from edge_agent.policy.reasons import is_final, lifted_by_override, through_parent
from protocol.access import Refusal, Right, Role, Verb, Window, open_door
from protocol.facts import Via
from protocol.house import ClockState
from protocol.ids import GrantId
from tests.edge_agent.policy_kit import (
    BOOKER,
    ENDS,
    FRIEND,
    FRONT,
    LEASE,
    NOON,
    ROOM,
    STARTS,
    TICK,
    a_book,
    a_delegation,
    a_grant,
    at,
    named,
    no_earlier_than,
)

OPEN = open_door(FRONT)
OVERRIDE = str(Right(Verb.ACCESS_OVERRIDE))


def ask(
    book: Book,
    time: Time,
    *,
    grant: GrantId = BOOKER,
    right: Right = OPEN,
    via: Via = Via.LAN,
) -> Verdict:
    return decide(book, Wish(grant, right, via), time)


def test_the_right_person_inside_the_stay_may() -> None:
    assert ask(a_book(a_grant()), at(NOON)) == Allowed(Role.GUEST)


def test_without_a_book_nobody_may() -> None:
    assert ask(Book(), at(NOON)) == Denied(Refusal.NO_BOOK)
    assert ask(Book.of(None), at(NOON)) == Denied(Refusal.NO_BOOK)
    assert alive(Book(), BOOKER, at(NOON)) is Refusal.NO_BOOK


def test_a_stranger_is_unknown_and_a_revoked_one_revoked() -> None:
    assert ask(a_book(), at(NOON)) == Denied(Refusal.UNKNOWN_GRANT)
    assert ask(a_book(revoked=(BOOKER,)), at(NOON)) == Denied(Refusal.REVOKED)
    assert alive(a_book(), BOOKER, at(NOON)) is Refusal.UNKNOWN_GRANT
    assert alive(a_book(revoked=(BOOKER,)), BOOKER, at(NOON)) is Refusal.REVOKED


def test_a_revoked_id_wins_over_a_grant_that_is_still_listed() -> None:
    book = a_book(a_grant(), revoked=(BOOKER,))
    assert ask(book, at(NOON)) == Denied(Refusal.REVOKED, Role.GUEST)
    assert ask(book, at(NOON), right=open_door(FRONT)) == Denied(Refusal.REVOKED, Role.GUEST)


def test_only_listed_rights_hold() -> None:
    book = a_book(a_grant(rights=(str(OPEN),)))
    assert ask(book, at(NOON), right=open_door(ROOM)) == Denied(Refusal.NO_SUCH_RIGHT, Role.GUEST)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (STARTS - TICK, Denied(Refusal.NOT_STARTED, Role.GUEST)),
        (STARTS, Allowed(Role.GUEST)),
        (ENDS - TICK, Allowed(Role.GUEST)),
        (ENDS, Denied(Refusal.ENDED, Role.GUEST)),
        (ENDS + TICK, Denied(Refusal.ENDED, Role.GUEST)),
    ],
)
def test_the_window_is_half_open_to_the_microsecond(moment: datetime, expected: Verdict) -> None:
    assert ask(a_book(a_grant(checked_in=True)), at(moment)) == expected


def test_a_start_must_be_proven_and_an_end_disproven() -> None:
    book = a_book(a_grant(checked_in=True))
    assert ask(book, at(STARTS - TICK, error=TICK)) == Denied(Refusal.NOT_STARTED, Role.GUEST)
    assert ask(book, at(ENDS - TICK, error=TICK)) == Denied(Refusal.ENDED, Role.GUEST)


def test_unknown_time_opens_nothing() -> None:
    book = a_book(a_grant(checked_in=True))
    for moment in (STARTS - TICK, STARTS, NOON, ENDS - TICK):
        assert ask(book, no_earlier_than(moment)) == Denied(Refusal.TIME_UNKNOWN, Role.GUEST)
    assert ask(book, no_earlier_than(ENDS)) == Denied(Refusal.ENDED, Role.GUEST)


def test_arrivals_are_admitted_while_the_lease_lasts() -> None:
    soon = NOON + timedelta(hours=1)
    book = a_book(a_grant(), lease_until=soon)
    assert ask(book, at(soon - TICK)) == Allowed(Role.GUEST)
    assert ask(book, at(soon)) == Denied(Refusal.LEASE_ENDED, Role.GUEST)
    assert ask(book, at(soon - TICK, error=TICK)) == Denied(Refusal.LEASE_ENDED, Role.GUEST)


@pytest.mark.parametrize("how", ["cloud", "house"])
def test_who_is_checked_in_is_honoured_to_the_end(how: str) -> None:
    grant = a_grant(checked_in=how == "cloud")
    arrived = frozenset({BOOKER} if how == "house" else ())
    book = a_book(grant, arrived=arrived, lease_until=NOON)
    assert ask(book, at(ENDS - TICK)) == Allowed(Role.GUEST)
    assert ask(book, at(ENDS)) == Denied(Refusal.ENDED, Role.GUEST)


def test_a_companions_grant_dies_with_its_parent() -> None:
    friend = a_grant(FRIEND, parent=BOOKER, role=Role.COMPANION, rights=(str(OPEN),))
    assert ask(a_book(a_grant(), friend), at(NOON), grant=FRIEND) == Allowed(Role.COMPANION)
    orphan = ask(a_book(friend), at(NOON), grant=FRIEND)
    assert orphan == Denied(Refusal.PARENT_ENDED, Role.COMPANION)
    revoked = ask(a_book(friend, revoked=(BOOKER,)), at(NOON), grant=FRIEND)
    assert revoked == Denied(Refusal.REVOKED, Role.COMPANION)
    short = a_grant(window=Window(starts=STARTS, ends=NOON))
    late = ask(a_book(short, friend), at(NOON), grant=FRIEND)
    assert late == Denied(Refusal.PARENT_ENDED, Role.COMPANION)


def test_a_companion_of_somebody_who_arrived_needs_no_lease() -> None:
    friend = a_grant(FRIEND, parent=BOOKER, role=Role.COMPANION, rights=(str(OPEN),))
    book = a_book(a_grant(checked_in=True), friend, lease_until=STARTS + TICK)
    assert ask(book, at(NOON), grant=FRIEND) == Allowed(Role.COMPANION)


def test_grants_that_hang_on_each_other_open_nothing() -> None:
    one = a_grant(BOOKER, parent=FRIEND)
    other = a_grant(FRIEND, parent=BOOKER)
    assert ask(a_book(one, other), at(NOON)) == Denied(Refusal.PARENT_ENDED, Role.GUEST)


def test_a_delegation_is_its_parent_narrowed() -> None:
    book = a_book(a_grant(), delegations=(a_delegation(),))
    assert ask(book, at(NOON), grant=FRIEND) == Allowed(Role.COMPANION)
    elsewhere = ask(book, at(NOON), grant=FRIEND, right=open_door(ROOM))
    assert elsewhere == Denied(Refusal.NO_SUCH_RIGHT, Role.COMPANION)


def test_a_delegation_loses_what_its_parent_loses() -> None:
    poorer = a_grant(rights=(str(open_door(ROOM)),))
    book = a_book(poorer, delegations=(a_delegation(),))
    lost = ask(book, at(NOON), grant=FRIEND)
    assert lost == Denied(Refusal.NO_SUCH_RIGHT, Role.COMPANION)


def test_a_delegation_dies_with_its_parent() -> None:
    friend = a_delegation()
    gone = ask(a_book(delegations=(friend,)), at(NOON), grant=FRIEND)
    assert gone == Denied(Refusal.PARENT_ENDED, Role.COMPANION)
    revoked = a_book(delegations=(friend,), revoked=(BOOKER,))
    assert ask(revoked, at(NOON), grant=FRIEND) == Denied(Refusal.REVOKED, Role.COMPANION)
    assert alive(revoked, FRIEND, at(NOON)) is Refusal.REVOKED
    itself = a_book(a_grant(), delegations=(friend,), revoked=(FRIEND,))
    assert ask(itself, at(NOON), grant=FRIEND) == Denied(Refusal.REVOKED, Role.COMPANION)


def test_a_revoked_parent_that_is_still_listed_takes_all_below_it_along() -> None:
    child = a_grant(GrantId(named("child")), parent=BOOKER, role=Role.COMPANION)
    grandchild = a_grant(GrantId(named("grandchild")), parent=child.id, role=Role.COMPANION)
    book = a_book(a_grant(), child, grandchild, delegations=(a_delegation(),), revoked=(BOOKER,))
    for grant in (FRIEND, child.id, grandchild.id):
        assert ask(book, at(NOON), grant=grant) == Denied(Refusal.REVOKED, Role.COMPANION)
        assert alive(book, grant, at(NOON)) is Refusal.REVOKED


def test_a_revoked_delegation_keeps_its_place_in_the_count() -> None:
    second = a_delegation(GrantId(named("second")), made_at=NOON + TICK)
    both = (a_delegation(), second)
    book = a_book(a_grant(max_delegations=1), delegations=both, revoked=(FRIEND,))
    over = Denied(Refusal.TOO_MANY_DELEGATIONS, Role.COMPANION)
    assert ask(book, at(NOON), grant=second.id) == over


def test_a_shortened_stay_shortens_its_delegations() -> None:
    short = a_grant(window=Window(starts=STARTS, ends=NOON))
    book = a_book(short, delegations=(a_delegation(),))
    assert ask(book, at(NOON - TICK), grant=FRIEND) == Allowed(Role.COMPANION)
    assert ask(book, at(NOON), grant=FRIEND) == Denied(Refusal.PARENT_ENDED, Role.COMPANION)


def test_approving_and_overriding_cannot_be_passed_on() -> None:
    friend = a_delegation(rights=(str(Right(Verb.ACCESS_APPROVE)),))
    verdict = ask(
        a_book(a_grant(), delegations=(friend,)),
        at(NOON),
        grant=FRIEND,
        right=Right(Verb.ACCESS_APPROVE),
    )
    assert verdict == Denied(Refusal.NOT_DELEGABLE, Role.COMPANION)


def test_no_more_delegations_than_the_parent_may_give() -> None:
    second = a_delegation(GrantId(named("second")), made_at=NOON + TICK)
    other = a_delegation(GrantId(named("other")), parent=GrantId(named("somebody")))
    book = a_book(a_grant(max_delegations=1), delegations=(a_delegation(), other))
    both = with_delegation(book, second)
    assert ask(both, at(NOON), grant=FRIEND) == Allowed(Role.COMPANION)
    over = ask(both, at(NOON), grant=second.id)
    assert over == Denied(Refusal.TOO_MANY_DELEGATIONS, Role.COMPANION)


def test_a_recorded_override_lifts_unknown_time_and_nothing_else() -> None:
    host = a_grant(role=Role.OWNER, rights=(str(OPEN), OVERRIDE), checked_in=True)
    book = a_book(host)
    unknown = no_earlier_than(NOON)
    assert ask(book, unknown) == Denied(Refusal.TIME_UNKNOWN, Role.OWNER)
    assert ask(book, unknown, via=Via.HOST_OVERRIDE) == Allowed(Role.OWNER)
    assert ask(book, at(NOON), via=Via.HOST_OVERRIDE) == Allowed(Role.OWNER)
    ended = ask(book, no_earlier_than(ENDS), via=Via.HOST_OVERRIDE)
    assert ended == Denied(Refusal.ENDED, Role.OWNER)
    elsewhere = ask(book, unknown, via=Via.HOST_OVERRIDE, right=open_door(ROOM))
    assert elsewhere == Denied(Refusal.NO_SUCH_RIGHT, Role.OWNER)
    fired = a_book(host, revoked=(BOOKER,))
    assert ask(fired, unknown, via=Via.HOST_OVERRIDE) == Denied(Refusal.REVOKED, Role.OWNER)


def test_an_override_still_needs_a_lease_that_may_be_running() -> None:
    host = a_grant(role=Role.STAFF, rights=(str(OPEN), OVERRIDE))
    book = a_book(host, lease_until=NOON)
    before, after = no_earlier_than(NOON - TICK), no_earlier_than(NOON)
    assert ask(book, before, via=Via.HOST_OVERRIDE) == Allowed(Role.STAFF)
    assert ask(book, after, via=Via.HOST_OVERRIDE) == Denied(Refusal.LEASE_ENDED, Role.STAFF)


@pytest.mark.parametrize("role", [Role.STAFF, Role.OWNER])
def test_first_use_frees_only_a_guest_from_the_lease(role: Role) -> None:
    arrived = frozenset({BOOKER})
    worker = a_grant(role=role, stay=None, checked_in=True)
    book = a_book(worker, arrived=arrived, lease_until=NOON)
    assert ask(book, at(NOON - TICK)) == Allowed(role)
    assert ask(book, at(NOON)) == Denied(Refusal.LEASE_ENDED, role)
    without_a_stay = a_book(a_grant(stay=None), arrived=arrived, lease_until=NOON)
    assert ask(without_a_stay, at(NOON)) == Denied(Refusal.LEASE_ENDED, Role.GUEST)
    hanging = a_grant(FRIEND, role=role, parent=BOOKER)
    over_a_guest = a_book(a_grant(checked_in=True), hanging, lease_until=NOON)
    assert ask(over_a_guest, at(NOON), grant=FRIEND) == Denied(Refusal.LEASE_ENDED, role)


def test_a_guest_cannot_override() -> None:
    verdict = ask(a_book(a_grant()), no_earlier_than(NOON), via=Via.HOST_OVERRIDE)
    assert verdict == Denied(Refusal.NO_SUCH_RIGHT, Role.GUEST)


def test_alive_asks_for_no_right() -> None:
    assert alive(a_book(a_grant(rights=())), BOOKER, at(NOON)) is None
    assert alive(a_book(a_grant()), BOOKER, at(ENDS)) is Refusal.ENDED
    assert alive(a_book(a_grant(), lease_until=NOON), BOOKER, no_earlier_than(NOON)) in {
        Refusal.TIME_UNKNOWN,
        Refusal.LEASE_ENDED,
    }


def test_a_no_sounds_like_its_distance() -> None:
    assert through_parent(Refusal.ENDED) is Refusal.PARENT_ENDED
    assert through_parent(Refusal.TIME_UNKNOWN) is Refusal.TIME_UNKNOWN
    assert lifted_by_override(Refusal.TIME_UNKNOWN)
    assert not lifted_by_override(Refusal.LEASE_ENDED)
    assert is_final(Refusal.REVOKED)
    assert not is_final(Refusal.NOT_STARTED)
    assert at(NOON).state is ClockState.TRUSTED
    assert no_earlier_than(LEASE).state is ClockState.TIME_UNKNOWN
