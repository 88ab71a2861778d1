"""Is what lockd remembers the same when it is read again?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.actions.keeping import Counter, KeptPin, KeptRequest, KeptSession, KeptSnapshot
from edge_agent.doorkeeper import RequestState
from edge_agent.store.book import BookStore
from edge_agent.store.state import StateStore
from protocol.facts import PinState
from protocol.ids import CredentialId, RequestId
from tests.edge_agent.policy_kit import BOOKER, ENDS, FRIEND, FRONT, NOON, ROOM, STARTS, named

REQUEST = KeptRequest(
    request=RequestId(named("request")),
    parent=BOOKER,
    secret_hash="ab" * 32,
    name_box="00",
    wants=("music:control",),
    rights=("a", "b"),
    state=RequestState.PENDING,
    asked_at=NOON,
    expires_at=ENDS,
)
PIN = KeptPin(
    credential=CredentialId(named("pin")),
    lock=FRONT,
    fingerprint="f1",
    grant=BOOKER,
    starts=STARTS,
    ends=ENDS,
    box="00",
    wanted=True,
    state=PinState.WANTED,
    reason=None,
    tries=0,
    next_try=NOON,
)


KEY = b"k" * 32


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    store = StateStore(tmp_path, KEY)
    yield store
    store.close()


def a_session(token: str, hours: int = 1) -> KeptSession:
    return KeptSession(token, BOOKER, 1, NOON + timedelta(hours=hours))


def test_sessions_come_back_until_they_expire_or_are_dropped(state: StateStore) -> None:
    state.sessions.put(a_session("one"), keep_newest=5)
    state.sessions.put(a_session("two", hours=3), keep_newest=5)
    assert state.sessions.find("one") == a_session("one")
    state.sessions.sweep(NOON + timedelta(hours=1))
    assert state.sessions.find("one") is None
    state.sessions.drop("two")
    state.sessions.drop("never was")
    assert state.sessions.find("two") is None


def test_only_the_newest_sessions_of_a_grant_stay(state: StateStore) -> None:
    other = replace(a_session("other"), grant=FRIEND)
    state.sessions.put(other, keep_newest=2)
    for name in ("one", "two", "three"):
        state.sessions.put(a_session(name), keep_newest=2)
    assert state.sessions.find("one") is None
    assert state.sessions.find("two")
    assert state.sessions.find("other") == other


def test_requests_come_back_by_id_secret_and_parent(state: StateStore) -> None:
    state.requests.put(REQUEST)
    approved = replace(REQUEST, state=RequestState.APPROVED, delegation=FRIEND)
    state.requests.put(approved)
    assert state.requests.find(REQUEST.request) == approved
    assert state.requests.by_secret("ab" * 32) == approved
    assert state.requests.of_parent(BOOKER) == [approved]
    state.requests.sweep(NOON)
    assert state.requests.of_parent(BOOKER)
    state.requests.sweep(NOON + timedelta(seconds=1))
    assert state.requests.find(REQUEST.request) is None


def test_an_ended_delegation_cannot_be_put_back(state: StateStore) -> None:
    state.delegations.put(FRIEND, b"frame")
    assert state.delegations.living() == {FRIEND: b"frame"}
    state.delegations.end(FRIEND, "revoked")
    state.delegations.put(FRIEND, b"frame")
    assert state.delegations.living() == {}
    assert state.delegations.ended() == {FRIEND}


def test_pins_come_back(state: StateStore) -> None:
    state.pins.put(PIN)
    other = replace(PIN, lock=ROOM)
    state.pins.put(other)
    state.pins.put(replace(PIN, state=PinState.WRITTEN, tries=2))
    assert state.pins.at_lock(FRONT) == [replace(PIN, state=PinState.WRITTEN, tries=2)]
    assert len(state.pins.of_grant(BOOKER)) == 2
    state.pins.drop(PIN)
    assert state.pins.at_lock(FRONT) == []
    assert state.pins.at_lock(ROOM) == [other]


def test_marks_and_what_was_heard(state: StateStore) -> None:
    assert state.marks.get("clock") is None
    state.marks.set("clock", "1")
    state.marks.set("clock", "2")
    assert state.marks.get("clock") == "2"
    request = RequestId(named("music"))
    later = NOON + timedelta(seconds=10)
    assert state.marks.hear(request, until=later, now=NOON)
    assert not state.marks.hear(request, until=later, now=NOON)
    assert state.marks.hear(request, until=later, now=later)


def test_the_book_remembers_all_that_was_ever_revoked_and_who_said_so_last(tmp_path: Path) -> None:
    store = BookStore(tmp_path)
    gone, longer = named("gone"), named("longer")
    store.put_snapshot(KeptSnapshot(b"1", "cloud-1", 1, 1, "aa"), [gone, longer])
    store.put_snapshot(KeptSnapshot(b"2", "cloud-2", 1, 2, "bb"), [longer])
    store.put_snapshot(KeptSnapshot(b"3", "cloud-2", 1, 3, "cc"))
    store.close()
    again = BookStore(tmp_path)
    assert again.revoked() == {gone: "cloud-1", longer: "cloud-2"}
    again.close()


def test_the_book_keeps_exact_bytes_and_a_counter_for_each_key(tmp_path: Path) -> None:
    store = BookStore(tmp_path)
    assert store.snapshot() is None
    assert store.key_document() is None
    first = KeptSnapshot(b"\x00frame", "cloud-1", 1, 5, "aa")
    second = KeptSnapshot(b"next", "cloud-2", 2, 1, "bb")
    store.put_snapshot(first)
    store.put_snapshot(second)
    store.put_key_document(b"keys")
    store.close()
    again = BookStore(tmp_path)
    assert again.snapshot() == second
    assert again.counters() == {"cloud-1": Counter(1, 5, "aa"), "cloud-2": Counter(2, 1, "bb")}
    assert again.key_document() == b"keys"
    again.close()
