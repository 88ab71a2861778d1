"""What do states and result say together? The whole table, without a wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.home_assistant.verdict import Evidence, Move
from edge_agent.errors import CalledOff, Jammed, OutcomeUnknown, Unsupported

STATES = (
    "locked",
    "locking",
    "unlocked",
    "unlocking",
    "open",
    "opening",
    "jammed",
    "unavailable",
    "unknown",
)


def evidence(move: Move, before: str, *states: str, answered: bool = False) -> Evidence:
    made = Evidence(move, before, sent=True, answered=answered)
    for state in states:
        made.hear(state)
    return made


@pytest.mark.parametrize(
    ("move", "states"),
    [
        (Move.UNLOCK, ("unlocking", "unlocked")),
        (Move.UNLOCK, ("unlocked", "locked")),  # it relocked itself before we looked
        (Move.OPEN, ("opening", "open")),
        (Move.OPEN, ("unlocked",)),
        (Move.UNLOCK, ("unlocking", "unavailable", "unlocked")),
    ],
)
def test_a_change_into_what_was_wanted_is_done_whatever_the_result(
    move: Move, states: tuple[str, ...]
) -> None:
    assert evidence(move, "locked", *states).is_done()
    refused = evidence(move, "locked", *states)
    refused.refusal = OutcomeUnknown("service_failed")
    assert refused.is_done()


@pytest.mark.parametrize("state", ["locked", "jammed", "unknown", "unavailable", "unlocking"])
def test_success_alone_is_not_done(state: str) -> None:
    assert not evidence(Move.UNLOCK, state, answered=True).is_done()


def test_already_there_is_done_only_once_the_server_took_it() -> None:
    assert not evidence(Move.UNLOCK, "unlocked").is_done()
    assert not evidence(Move.UNLOCK, "unlocked", "locking", "locked", answered=True).is_done()
    assert evidence(Move.UNLOCK, "unlocked", answered=True).is_done()


def test_a_jam_ends_the_wait_and_one_from_before_is_told_when_time_is_up() -> None:
    assert isinstance(evidence(Move.LOCK, "unlocked", "locking", "jammed").failure(), Jammed)
    before = evidence(Move.LOCK, "jammed", answered=True)
    assert before.failure() is None
    assert isinstance(before.when_time_is_up(), Jammed)


@pytest.mark.parametrize("refusal", [Unsupported("x"), CalledOff("x")])
def test_a_refusal_that_did_nothing_ends_the_wait(refusal: Unsupported | CalledOff) -> None:
    refused = evidence(Move.LOCK, "unlocked")
    refused.refusal = refusal
    assert refused.failure() is refusal


@given(
    move=st.sampled_from(Move),
    before=st.sampled_from(STATES),
    states=st.lists(st.sampled_from(STATES), max_size=6),
    answered=st.booleans(),
)
def test_nothing_is_called_done_unless_the_lock_was_seen_there(
    *, move: Move, before: str, states: list[str], answered: bool
) -> None:
    made = evidence(move, before, *states, answered=answered)
    if made.is_done():
        assert {before, *states} & move.wanted
    elif made.failure() is None:
        assert isinstance(made.when_time_is_up(), OutcomeUnknown | Jammed)
