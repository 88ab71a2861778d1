"""Is the neighbours' peace kept, also across midnight and in doubt?"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.policy.music_rules import CHANGES_SOMETHING, NEEDS, Fade, ceiling, place_in_turn
from protocol.access import Verb
from protocol.music import MusicRules, QuietHours
from tests.edge_agent.policy_kit import at, no_earlier_than

NIGHT = MusicRules(
    ceiling=80, quiet_hours=(QuietHours(starts_local="22:00", ends_local="08:00", ceiling=20),)
)
SIESTA = MusicRules(
    ceiling=80, quiet_hours=(QuietHours(starts_local="14:00", ends_local="16:00", ceiling=30),)
)
MADRID = "Europe/Madrid"


def local(hour: int, minute: int = 0) -> datetime:
    """That hour of a summer day in Madrid, two hours before UTC."""
    return datetime(2026, 7, 1, hour, minute, tzinfo=UTC) - timedelta(hours=2)


@pytest.mark.parametrize(
    ("rules", "moment", "expected"),
    [
        (NIGHT, local(21, 59), 80),
        (NIGHT, local(22), 20),
        (NIGHT, local(3), 20),
        (NIGHT, local(7, 59), 20),
        (NIGHT, local(8), 80),
        (SIESTA, local(13, 59), 80),
        (SIESTA, local(14), 30),
        (SIESTA, local(16), 80),
        (MusicRules(), local(3), 100),
    ],
)
def test_the_ceiling_follows_the_local_clock(
    rules: MusicRules, moment: datetime, expected: int
) -> None:
    assert ceiling(rules, at(moment), MADRID) == expected


def test_in_doubt_it_is_quiet() -> None:
    assert ceiling(NIGHT, at(local(21, 59), error=timedelta(minutes=2)), MADRID) == 20
    assert ceiling(NIGHT, no_earlier_than(local(12)), MADRID) == 20


def test_a_louder_quiet_hour_raises_nothing() -> None:
    odd = MusicRules(
        ceiling=10, quiet_hours=(QuietHours(starts_local="00:00", ends_local="23:59", ceiling=90),)
    )
    assert ceiling(odd, at(local(12)), MADRID) == 10


def test_each_wish_names_the_rights_that_allow_it() -> None:
    assert NEEDS["set_volume"] == {Verb.MUSIC_VOLUME}
    assert set(NEEDS) >= CHANGES_SOMETHING


def test_a_fade_is_a_straight_line_that_ends_where_it_should() -> None:
    fade = Fade(80, 20, 10)
    assert [fade.allowed(elapsed) for elapsed in (-1, 0, 2.5, 5, 9.99, 10, 99)] == [
        80, 80, 65, 50, 20, 20, 20,
    ]  # fmt: skip


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_whoever_adds_is_put_among_the_others_one_each_in_turn(arrivals: list[str]) -> None:
    line: list[str] = []
    for who in arrivals:
        place = place_in_turn(line, who)
        others = [each for each in line[place:] if each == who]
        assert not others, "nobody overtakes his own earlier tracks"
        line.insert(place, who)
    for end in range(len(line)):
        heard = Counter(line[:end])
        for who in "abc":
            waits = line[end:].count(who)
            ahead = max((heard[other] for other in "abc" if other != who), default=0)
            assert not waits or ahead - heard[who] <= 1
