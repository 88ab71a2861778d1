"""Who may see and use which things of the house?"""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.policy.home_rules import CHANGES_SOMETHING, NEEDS, right_for, targets
from protocol.access import Right, Verb

POOL = UUID("00000000-0000-4000-8000-00000000000a")
LAMP = UUID("00000000-0000-4000-8000-00000000000b")
READ_LAMP = str(Right(Verb.HOME_READ, LAMP))
USE_POOL = str(Right(Verb.HOME_USE, POOL))


def test_who_may_use_a_thing_may_see_it_and_not_the_other_way_round() -> None:
    rights = (READ_LAMP, USE_POOL)
    assert targets(rights, "things") == {POOL, LAMP}
    assert targets(rights, "use") == {POOL}
    assert right_for(rights, "use", LAMP) is None
    assert right_for(rights, "things", POOL) == Right(Verb.HOME_USE, POOL)


@pytest.mark.parametrize(
    "right",
    [
        f"door:open:{POOL}",
        f"music:control:{POOL}",
        "home:use",
        f"home:fly:{POOL}",
        "access:approve",
    ],
)
def test_rights_of_another_kind_allow_nothing_here(right: str) -> None:
    for wish in (*NEEDS, "unheard_of"):
        assert targets((right,), wish) == frozenset()
        assert right_for((right,), wish, POOL) is None


def test_what_changes_something_is_on_record() -> None:
    assert NEEDS.keys() > CHANGES_SOMETHING


@given(
    held=st.sets(st.sampled_from([(v, t) for v in Verb for t in (POOL, LAMP)])),
    wish=st.sampled_from([*NEEDS, "unheard_of"]),
    thing=st.sampled_from([POOL, LAMP]),
)
def test_a_right_is_found_exactly_for_the_targets(
    held: set[tuple[Verb, UUID]], wish: str, thing: UUID
) -> None:
    rights = [f"{verb}:{target}" for verb, target in held]
    found = right_for(rights, wish, thing)
    assert (found is not None) == (thing in targets(rights, wish))
    if found is not None:
        assert str(found) in rights
