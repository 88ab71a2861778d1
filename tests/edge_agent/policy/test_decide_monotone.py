"""Can revoking, ending or waiting ever open a door? A machine looks for a case."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.policy.decide import decide
from edge_agent.policy.model import Allowed, Book, Denied, Time, Wish
from protocol.access import Delegation, Grant, Refusal, Right, Role, Verb, Window, open_door
from protocol.facts import Via
from protocol.ids import GrantId
from tests.edge_agent.policy_kit import (
    BOOKER_RIGHTS,
    FRONT,
    NOON,
    ROOM,
    STAY,
    TICK,
    a_book,
    a_delegation,
    a_grant,
    named,
)

IDS = [GrantId(named(f"grant-{number}")) for number in range(5)]
RIGHTS = [*BOOKER_RIGHTS, str(Right(Verb.ACCESS_OVERRIDE)), "door:future:x"][:7]
moments = st.integers(-6, 6).map(lambda hours: NOON + timedelta(hours=hours))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    starts = draw(moments)
    return Window(starts=starts, ends=starts + timedelta(hours=draw(st.integers(1, 8))))


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    return a_grant(
        draw(st.sampled_from(IDS)),
        stay=draw(st.sampled_from([STAY, STAY, None])),
        window=draw(windows()),
        rights=tuple(draw(st.lists(st.sampled_from(RIGHTS), unique=True))),
        role=draw(st.sampled_from(Role)),
        checked_in=draw(st.booleans()),
        parent=draw(st.none() | st.sampled_from(IDS)),
        max_delegations=draw(st.integers(0, 2)),
    )


@st.composite
def delegations(draw: st.DrawFn) -> Delegation:
    return a_delegation(
        draw(st.sampled_from(IDS)),
        rights=tuple(draw(st.lists(st.sampled_from(RIGHTS), min_size=1, unique=True))),
        window=draw(windows()),
        parent=draw(st.sampled_from(IDS)),
        made_at=draw(moments),
    )


@st.composite
def books(draw: st.DrawFn) -> Book:
    return a_book(
        *draw(st.lists(grants(), max_size=4)),
        delegations=tuple(draw(st.lists(delegations(), max_size=3))),
        arrived=frozenset(draw(st.sets(st.sampled_from(IDS)))),
        revoked=tuple(draw(st.sets(st.sampled_from(IDS), max_size=2))),
        lease_until=draw(moments),
    )


@st.composite
def times(draw: st.DrawFn) -> Time:
    earliest = draw(moments) + draw(st.sampled_from([-TICK, timedelta(0), TICK]))
    error = draw(st.none() | st.sampled_from([timedelta(0), TICK, timedelta(hours=2)]))
    return Time(earliest, None if error is None else earliest + error)


wishes = st.builds(
    Wish,
    st.sampled_from(IDS),
    st.sampled_from([open_door(FRONT), open_door(ROOM), Right(Verb.ACCESS_APPROVE)]),
    st.sampled_from(Via),
)


@settings(max_examples=150)
@given(books(), wishes, times(), st.sets(st.sampled_from(IDS)))
def test_revoking_never_opens(book: Book, wish: Wish, time: Time, more: set[UUID]) -> None:
    before = decide(book, wish, time)
    after = decide(replace(book, revoked=book.revoked | more), wish, time)
    if isinstance(before, Denied):
        assert isinstance(after, Denied)


@settings(max_examples=150)
@given(books(), wishes, times(), st.sets(st.sampled_from(IDS)))
def test_taking_a_grant_away_never_opens_for_anybody_else(
    book: Book, wish: Wish, time: Time, gone: set[GrantId]
) -> None:
    """A grant over a delegation of the same id is the adopted one and is let be here."""
    lost = {each for each in gone if each not in book.delegations}
    kept = {key: grant for key, grant in book.grants.items() if key not in lost}
    before = decide(book, wish, time)
    if isinstance(before, Denied):
        assert isinstance(decide(replace(book, grants=kept), wish, time), Denied)


@settings(max_examples=150)
@given(books(), wishes, times(), times())
def test_what_has_ended_never_reopens_with_time(
    book: Book, wish: Wish, time: Time, later: Time
) -> None:
    over = {Refusal.ENDED, Refusal.PARENT_ENDED, Refusal.LEASE_ENDED, Refusal.REVOKED}
    first = decide(book, wish, time)
    if isinstance(first, Denied) and first.refusal in over and _is_later(later, time):
        assert isinstance(decide(book, wish, later), Denied)


@settings(max_examples=150)
@given(books(), wishes, times(), st.sampled_from([TICK, timedelta(hours=3)]))
def test_knowing_less_of_time_never_opens(
    book: Book, wish: Wish, time: Time, doubt: timedelta
) -> None:
    if isinstance(decide(book, wish, time), Denied) and wish.via is not Via.HOST_OVERRIDE:
        wider = Time(time.earliest - doubt, None if time.latest is None else time.latest + doubt)
        assert isinstance(decide(book, wish, wider), Denied)


@settings(max_examples=150)
@given(books(), wishes, times())
def test_an_open_door_always_has_a_living_right(book: Book, wish: Wish, time: Time) -> None:
    """Told again from the outside, without the code under test."""
    if isinstance(decide(book, wish, time), Allowed):
        holder = book.grants.get(wish.grant) or book.delegations[wish.grant]
        assert str(wish.right) in holder.rights
        assert holder.id not in book.revoked
        assert holder.window.starts <= time.earliest < holder.window.ends
        if wish.via is not Via.HOST_OVERRIDE:
            assert time.latest is not None
            assert time.latest < holder.window.ends
        if isinstance(holder, Delegation):
            assert str(wish.right) in book.grants[holder.parent].rights


@settings(max_examples=150)
@given(books(), wishes, times(), st.sets(st.sampled_from(IDS)))
def test_who_works_here_is_bound_to_the_lease_whatever_they_used(
    book: Book, wish: Wish, time: Time, used: set[GrantId]
) -> None:
    """Only guests' stays are honoured beyond it; first use and check-in change nothing else."""
    holder = book.grants.get(wish.grant)
    if holder is not None and holder.role in {Role.STAFF, Role.OWNER}:
        worn = replace(book, arrived=book.arrived | used)
        assert decide(worn, wish, time) == decide(book, wish, time)
        assert book.snapshot is not None
        latest = time.latest or time.earliest
        if latest >= book.snapshot.lease_until:
            assert isinstance(decide(worn, wish, time), Denied)


def _is_later(later: Time, time: Time) -> bool:
    known = time.latest or datetime.max.replace(tzinfo=time.earliest.tzinfo)
    latest = later.latest or datetime.max.replace(tzinfo=time.earliest.tzinfo)
    return later.earliest >= time.earliest and latest >= known
