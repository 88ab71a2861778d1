"""Pauses between two dials."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.kit.backoff import Backoff

FIRST, LONGEST = timedelta(milliseconds=500), timedelta(seconds=30)


def backoff(seed: int, failures: int = 0) -> Backoff:
    return Backoff(FIRST, LONGEST, Random(seed), failures)  # noqa: S311 - jitter, no secret


@given(seed=st.integers(), failures=st.integers(0, 10_000))
def test_no_pause_is_shorter_than_half_the_first_or_longer_than_the_longest(
    seed: int, failures: int
) -> None:
    pause = backoff(seed, failures).next_pause()
    assert FIRST / 2 <= pause <= LONGEST


def test_pauses_double_up_to_the_longest_and_start_over_after_a_success() -> None:
    pauses = backoff(seed=1)
    ceilings = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    for ceiling in ceilings:
        assert ceiling / 2 <= pauses.next_pause().total_seconds() <= ceiling
    pauses.reset()
    assert pauses.next_pause() <= FIRST


def test_two_houses_do_not_dial_in_step() -> None:
    pauses = {backoff(seed).next_pause() for seed in range(20)}
    assert len(pauses) == 20
