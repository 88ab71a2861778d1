"""Ids, topics, rights, windows, versions: the small words of the wire."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.access import (
    WITHOUT_OBJECT,
    Grant,
    Right,
    Role,
    Verb,
    Window,
    control_music,
    name_context,
    open_door,
    pin_context,
    private_context,
)
from protocol.facts import GENESIS, Fact, FirstUsed, fact_hash
from protocol.house import Snapshot, house_kid
from protocol.ids import GrantId, HouseId, LockId, PlayerId
from protocol.topics import Down, Up, all_down, all_up, down, parse_down, parse_up, up
from protocol.version import Reading, not_understood, reading

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUSE = HouseId(UUID(int=1))


@pytest.mark.parametrize(
    ("message", "reader", "expected"),
    [
        (5, 5, Reading.EXACT),
        (4, 5, Reading.EXACT),
        (6, 5, Reading.TOLERANT),
        (7, 5, Reading.TOO_NEW),
        (3, 5, Reading.TOO_OLD),
        (0, 1, Reading.TOO_OLD),
    ],
)
def test_one_version_apart_is_understood_and_no_more(
    message: int, reader: int, expected: Reading
) -> None:
    assert reading(message, reader=reader) is expected


def test_what_must_be_understood_and_is_not_is_named() -> None:
    assert not_understood(("b", "a", "a"), features=frozenset({"c"})) == ("a", "b")
    assert not_understood(("c",), features=frozenset({"c"})) == ()


@pytest.mark.parametrize("channel", list(Up))
def test_an_uplink_topic_names_house_and_channel(channel: Up) -> None:
    assert parse_up(up(HOUSE, channel)) == (HOUSE, channel)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "portero",
        f"portero/{HOUSE}/down/ack",
        f"portero/{HOUSE}/up/nothing",
        f"portero/{str(HOUSE).replace('-', '')}/up/ack",
        f"portero/{UUID(int=9)}x/up/ack",
        f"portero/{HOUSE}/up/ack/more",
        f"Portero/{HOUSE}/up/ack",
    ],
)
def test_a_topic_that_is_not_exactly_ours_is_none(topic: str) -> None:
    assert parse_up(topic) is None


def test_a_house_takes_only_its_own_topics() -> None:
    assert parse_down(down(HOUSE, Down.COMMAND), HOUSE) is Down.COMMAND
    assert parse_down(down(HouseId(uuid4()), Down.COMMAND), HOUSE) is None
    assert all_down(HOUSE) == f"portero/{HOUSE}/down/+"
    assert all_up() == "portero/+/up/+"


@given(st.sampled_from(sorted(Verb)), st.uuids())
def test_a_right_survives_the_wire(verb: Verb, target: UUID) -> None:
    right = Right(verb, None if verb in WITHOUT_OBJECT else target)
    assert Right.parse(str(right)) == right


@pytest.mark.parametrize(
    "text",
    [
        "door:open",
        f"door:melt:{UUID(int=9)}",
        f"access:approve:{UUID(int=9)}",
        "x",
        "door:open:1-2",
    ],
)
def test_a_right_that_is_not_known_allows_nothing(text: str) -> None:
    assert Right.parse(text) is None


def test_a_grant_has_exactly_the_rights_it_lists() -> None:
    lock, player = LockId(uuid4()), PlayerId(uuid4())
    grant = Grant(
        id=GrantId(uuid4()),
        role=Role.GUEST,
        window=Window(starts=NOON, ends=NOON + timedelta(hours=1)),
        rights=(str(open_door(lock)),),
    )
    assert grant.has(open_door(lock))
    assert not grant.has(open_door(LockId(uuid4())))
    assert not grant.has(control_music(player))


def test_a_window_is_not_empty_and_is_kept_in_utc() -> None:
    with pytest.raises(ValidationError):
        Window(starts=NOON, ends=NOON)
    lima = timezone(timedelta(hours=-5))
    window = Window(starts=NOON.astimezone(lima), ends=NOON + timedelta(hours=1))
    assert window.starts.tzinfo is UTC
    assert window.to_bytes() == b'{"from":"2026-07-01T12:00:00Z","until":"2026-07-01T13:00:00Z"}'
    assert Window.from_bytes(window.to_bytes()) == window
    assert window.contains(window)
    assert not window.contains(Window(starts=NOON, ends=NOON + timedelta(hours=2)))


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValidationError):
        Window.model_validate({"from": "2026-07-01T12:00:00", "until": "2026-07-02T12:00:00"})


def test_a_snapshot_survives_the_wire(snapshot: Snapshot) -> None:
    assert Snapshot.from_bytes(snapshot.to_bytes()) == snapshot


def test_contexts_differ_by_everything_they_bind() -> None:
    a, b, c = uuid4(), uuid4(), uuid4()
    contexts = {
        pin_context(a, b, c),
        pin_context(a, c, b),
        private_context(a, b),
        name_context(a, b),
    }
    assert len(contexts) == 4
    assert house_kid(HOUSE) == "house-000000000000"


def test_facts_chain_over_their_exact_bytes() -> None:
    first = Fact(
        house=HOUSE,
        sequence=1,
        previous=GENESIS,
        at_earliest=NOON,
        at_latest=None,
        body=FirstUsed(grant=GrantId(UUID(int=2))),
    )
    exact = first.to_bytes()
    second = first.model_copy(update={"sequence": 2, "previous": fact_hash(exact)})
    assert Fact.from_bytes(exact) == first
    assert second.previous == fact_hash(exact) != fact_hash(second.to_bytes())
