"""Are windows and leases half-open, and doubt a no?"""

from edge_agent.policy.windows import by_the_least, closed, is_past, lease_over
from protocol.access import Refusal
from tests.edge_agent.policy_kit import (
    ENDS,
    LEASE,
    NOON,
    STARTS,
    STAY_WINDOW,
    TICK,
    at,
    no_earlier_than,
)


def test_a_window_is_open_from_its_start_to_before_its_end() -> None:
    assert closed(STAY_WINDOW, at(STARTS)) is None
    assert closed(STAY_WINDOW, at(ENDS - TICK)) is None
    assert closed(STAY_WINDOW, at(STARTS - TICK)) is Refusal.NOT_STARTED
    assert closed(STAY_WINDOW, at(ENDS)) is Refusal.ENDED


def test_a_lease_is_over_at_its_instant() -> None:
    assert lease_over(LEASE, at(LEASE - TICK)) is None
    assert lease_over(LEASE, at(LEASE - TICK, error=TICK)) is Refusal.LEASE_ENDED
    assert lease_over(LEASE, no_earlier_than(LEASE)) is Refusal.LEASE_ENDED
    assert lease_over(LEASE, no_earlier_than(LEASE - TICK)) is Refusal.TIME_UNKNOWN


def test_past_is_what_surely_ended() -> None:
    assert is_past(STAY_WINDOW, no_earlier_than(ENDS))
    assert not is_past(STAY_WINDOW, at(ENDS - TICK, error=TICK * 2))


def test_an_override_takes_time_by_the_least_only_when_nobody_knows_better() -> None:
    assert by_the_least(no_earlier_than(NOON)) == at(NOON)
    assert by_the_least(at(NOON, error=TICK)) == at(NOON, error=TICK)
