"""Does only the right book, from the right hand, in the right order, become the book?"""

import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.policy.decide import decide
from edge_agent.policy.model import Allowed, Denied, Wish
from protocol.access import Grant, Refusal, Role, open_door
from protocol.envelope import Flaw, Kind, seal
from protocol.facts import Alarmed, DelegationEnded, RequestDecided, SnapshotApplied, fact_hash
from protocol.house import AckResult, Snapshot
from protocol.ids import HouseId, RequestId
from protocol.signing import Signer
from tests.edge_agent.lockd_kit import (
    CLOUD,
    NEXT_CLOUD,
    ROOT,
    FakeClock,
    a_key,
    a_key_document,
    settle,
    signed,
    snapshot_frame,
)
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import (
    BOOKER,
    ENDS,
    FRIEND,
    FRONT,
    a_delegation,
    a_grant,
    a_snapshot,
    named,
)

OPEN = Wish(BOOKER, open_door(FRONT))


def book_of(version: int, *, previous: str | None = None, epoch: int = 1) -> bytes:
    return snapshot_frame(a_snapshot(a_grant(), version=version, epoch=epoch, previous=previous))


def held(desk: Desk) -> tuple[int, int] | None:
    position = desk.means.ledger.position
    return None if position is None else (position.epoch, position.version)


def test_the_right_book_is_taken_recorded_and_acknowledged(at_work: Desk) -> None:
    frame = book_of(1)
    ack = at_work.offer(frame)
    assert ack.result is AckResult.APPLIED
    assert ack.offered_hash == fact_hash(frame)
    assert ack.position is not None
    assert (ack.position.version, ack.position.hash) == (1, fact_hash(frame))
    assert at_work.facts()[-1] == SnapshotApplied(epoch=1, version=1, hash=fact_hash(frame))
    assert isinstance(decide(at_work.means.ledger.book, OPEN, at_work.means.time.now()), Allowed)


def test_the_same_book_again_changes_nothing(at_work: Desk) -> None:
    at_work.offer(book_of(1))
    facts = len(at_work.facts())
    for _ in range(20):
        assert at_work.offer(book_of(1)).result is AckResult.ALREADY_APPLIED
    assert len(at_work.facts()) == facts


def test_an_older_book_is_refused_for_ever(at_work: Desk) -> None:
    at_work.offer(book_of(5))
    ack = at_work.offer(book_of(4))
    assert (ack.result, ack.reason) == (AckResult.REFUSED, "older")
    assert held(at_work) == (1, 5)
    at_work.offer(book_of(1, epoch=2))
    assert at_work.offer(book_of(9, epoch=1)).result is AckResult.REFUSED
    assert held(at_work) == (2, 1)


def test_two_books_of_one_version_are_a_fork_and_an_alarm(at_work: Desk) -> None:
    at_work.offer(book_of(1))
    other = snapshot_frame(a_snapshot(version=1))
    ack = at_work.offer(other)
    assert (ack.result, ack.reason) == (AckResult.REFUSED, "same_version_other_hash")
    last = at_work.facts()[-1]
    assert isinstance(last, Alarmed)
    assert last.name == "snapshot_forked"


def test_a_history_that_differs_is_told_and_the_newer_book_still_counts(at_work: Desk) -> None:
    at_work.offer(book_of(1))
    right = book_of(2, previous=fact_hash(book_of(1)))
    assert at_work.offer(right).reason is None
    ack = at_work.offer(book_of(3, previous="ab" * 32))
    assert (ack.result, ack.reason) == (AckResult.APPLIED, "previous_mismatch")
    assert Alarmed(name="snapshot_history_differs", detail="cloud-1 1.3") in at_work.facts()
    assert at_work.offer(book_of(9, previous="cd" * 32)).reason is None


def refused(desk: Desk, frame: bytes) -> str | None:
    before = held(desk)
    ack = desk.offer(frame)
    assert ack.result is AckResult.REFUSED
    assert held(desk) == before
    return ack.reason


def test_another_houses_book_is_refused(at_work: Desk) -> None:
    foreign = a_snapshot(a_grant(), house=HouseId(named("elsewhere")))
    assert refused(at_work, snapshot_frame(foreign)) == Flaw.WRONG_HOUSE


def test_a_message_of_another_kind_is_no_book(at_work: Desk) -> None:
    frame = signed(Kind.STATUS, a_snapshot(a_grant()))
    assert refused(at_work, frame) == Flaw.WRONG_KIND


@pytest.mark.parametrize("signer", [NEXT_CLOUD, ROOT], ids=["unlisted", "root"])
def test_a_key_not_listed_signs_no_book(at_work: Desk, signer: Signer) -> None:
    assert refused(at_work, snapshot_frame(a_snapshot(a_grant()), signer)) == Flaw.UNKNOWN_KEY


def test_an_epoch_the_root_did_not_list_is_refused(at_work: Desk) -> None:
    assert refused(at_work, book_of(1, epoch=7)) == Flaw.UNKNOWN_KEY


def test_without_keys_nothing_is_taken(bare: Desk) -> None:
    assert refused(bare, book_of(1)) == Flaw.UNKNOWN_KEY


def test_a_feature_we_lack_is_refused(at_work: Desk) -> None:
    frame = snapshot_frame(a_snapshot(a_grant(), must_understand=("teleport",)))
    assert refused(at_work, frame) == Flaw.NOT_UNDERSTOOD


def test_a_message_from_two_versions_ahead_is_refused(at_work: Desk) -> None:
    frame = seal(Kind.SNAPSHOT, a_snapshot(a_grant()).to_bytes(), CLOUD, version=3)
    assert refused(at_work, frame) == Flaw.TOO_NEW


def test_a_book_too_large_is_not_looked_at(at_work: Desk) -> None:
    assert refused(at_work, book_of(1) + b" " * 300_000) == Flaw.TOO_LARGE


def test_every_altered_byte_is_refused(at_work: Desk) -> None:
    frame = book_of(1)
    assert len(frame) > 1000
    for place in range(len(frame)):
        altered = bytearray(frame)
        altered[place] ^= 1 << (place % 8)
        assert at_work.offer(bytes(altered)).result is AckResult.REFUSED
    assert held(at_work) is None
    assert at_work.offer(frame).result is AckResult.APPLIED


def test_a_stored_byte_that_changed_is_found_at_start(folder: Path, at_work: Desk) -> None:
    frame = book_of(1)
    at_work.offer(frame)
    broken = bytearray(frame)
    broken[-10] ^= 1
    kept = at_work.means.ledger.verified(frame)[1]
    at_work.means.ledger._shelf.put_snapshot(replace(kept, frame=bytes(broken)))
    with desk(folder, at_work.clock) as again:
        assert held(again) is None
        assert [each.name for each in again.alarms] == ["stored_book_refused"]
        again.trust_time()
        verdict = decide(again.means.ledger.book, OPEN, again.means.time.now())
        assert verdict == Denied(Refusal.NO_BOOK)
        assert again.offer(frame).result is AckResult.APPLIED


def test_a_book_survives_a_restart(folder: Path, at_work: Desk) -> None:
    at_work.offer(book_of(3))
    with desk(folder, at_work.clock) as again:
        assert held(again) == (1, 3)
        assert again.offer(book_of(2)).result is AckResult.REFUSED


def test_a_lost_book_does_not_forget_its_place(folder: Path, at_work: Desk) -> None:
    """The file is gone, the record is not: an older signed book cannot come back."""
    at_work.offer(book_of(5))
    for file in folder.glob("book.sqlite*"):
        file.unlink()
    with desk(folder, at_work.clock) as again:
        again.take_keys()
        assert again.offer(book_of(4)).result is AckResult.REFUSED
        assert again.offer(snapshot_frame(a_snapshot(version=5))).result is AckResult.REFUSED
        assert again.offer(book_of(5)).result is AckResult.APPLIED


def test_an_old_book_of_an_overlapping_key_stays_old(at_work: Desk) -> None:
    """Two keys are valid during a rotation; the older book of one is not newer for that."""
    both = a_key_document(a_key(CLOUD), a_key(NEXT_CLOUD), version=2)
    at_work.means.ledger.take_keys(both)
    at_work.offer(book_of(3))
    at_work.offer(snapshot_frame(a_snapshot(version=6), NEXT_CLOUD))
    assert at_work.offer(book_of(5)).result is AckResult.REFUSED
    assert held(at_work) == (1, 6)


def test_after_a_rotation_the_old_key_signs_nothing(at_work: Desk) -> None:
    both = a_key_document(a_key(CLOUD), a_key(NEXT_CLOUD), version=2)
    at_work.means.ledger.take_keys(both)
    at_work.offer(snapshot_frame(a_snapshot(a_grant(), version=2), NEXT_CLOUD))
    at_work.means.ledger.take_keys(a_key_document(a_key(NEXT_CLOUD), version=3))
    assert held(at_work) == (1, 2)
    assert refused(at_work, book_of(9)) == Flaw.UNKNOWN_KEY


def test_a_stolen_key_cannot_run_the_counter_away(at_work: Desk) -> None:
    at_work.offer(book_of(999_999))
    at_work.means.ledger.take_keys(a_key_document(a_key(NEXT_CLOUD), version=2))
    assert held(at_work) is None
    verdict = decide(at_work.means.ledger.book, OPEN, at_work.means.time.now())
    assert verdict == Denied(Refusal.NO_BOOK)
    fresh = snapshot_frame(a_snapshot(a_grant(), version=43), NEXT_CLOUD)
    assert at_work.offer(fresh).result is AckResult.APPLIED
    assert held(at_work) == (1, 43)


def test_what_was_revoked_stays_revoked_whatever_a_restored_cloud_forgot(
    folder: Path, at_work: Desk
) -> None:
    at_work.offer(book_of(1))
    at_work.offer(snapshot_frame(a_snapshot(version=2, revoked=(BOOKER,))))
    forgetful = book_of(1, epoch=2)
    assert at_work.offer(forgetful).result is AckResult.APPLIED
    assert at_work.facts()[-1] == Alarmed(name="revoked_grants_returned", detail=f"1: {BOOKER}")
    renewed = book_of(2, epoch=2, previous=fact_hash(forgetful))
    at_work.offer(renewed)
    told_once = SnapshotApplied(epoch=2, version=2, hash=fact_hash(renewed))
    assert at_work.facts()[-1] == told_once
    with desk(folder, at_work.clock) as again:
        for each in (at_work, again):
            verdict = decide(each.means.ledger.book, OPEN, each.means.time.now())
            assert verdict == Denied(Refusal.REVOKED, Role.GUEST)


def test_what_only_a_stolen_key_revoked_is_forgotten_with_the_key(at_work: Desk) -> None:
    at_work.offer(book_of(1))
    at_work.offer(snapshot_frame(a_snapshot(version=2, revoked=(BOOKER,))))
    at_work.means.ledger.take_keys(a_key_document(a_key(NEXT_CLOUD), version=2))
    at_work.offer(snapshot_frame(a_snapshot(a_grant(), version=3), NEXT_CLOUD))
    verdict = decide(at_work.means.ledger.book, OPEN, at_work.means.time.now())
    assert isinstance(verdict, Allowed)


def test_key_documents_only_go_forward_and_only_from_the_root(at_work: Desk) -> None:
    ledger = at_work.means.ledger
    ledger.take_keys(a_key_document(a_key(NEXT_CLOUD), version=3))
    assert ledger.take_keys(a_key_document(version=2)) is None
    assert ledger.take_keys(a_key_document(version=3)) is None
    assert ledger.keys is not None
    assert ledger.keys.version == 3
    with pytest.raises(Exception, match="bad_signature"):
        ledger.take_keys(_by_another_root())


def _by_another_root() -> bytes:
    false_root = replace(NEXT_CLOUD, kid=ROOT.kid)
    return a_key_document(version=9, root=false_root)


def test_a_book_lifts_the_floor_of_time(bare: Desk) -> None:
    bare.take_keys()
    late = a_snapshot(a_grant(), issued_at=ENDS)
    bare.offer(snapshot_frame(late))
    assert bare.means.time.now().earliest >= ENDS


def delegated(at_work: Desk) -> None:
    at_work.offer(snapshot_frame(a_snapshot(a_grant(), version=1)))
    delegation = a_delegation()
    frame = seal(Kind.DELEGATION, delegation.to_bytes(), at_work.me.signer)
    at_work.means.ledger.add_delegation(delegation, frame)


ADOPTED = a_grant(FRIEND, parent=BOOKER, rights=(str(open_door(FRONT)),))


@pytest.mark.parametrize(
    ("next_book", "reason"),
    [
        (a_snapshot(a_grant(), version=2, revoked=(FRIEND,)), "revoked"),
        (a_snapshot(version=2, revoked=(BOOKER,)), "revoked"),
        (a_snapshot(version=2), "parent_ended"),
        (a_snapshot(a_grant(), ADOPTED, version=2), "adopted"),
        (a_snapshot(a_grant(max_delegations=0), version=2), "too_many_delegations"),
    ],
)
def test_a_delegation_that_a_new_book_kills_stays_dead(
    folder: Path, at_work: Desk, next_book: Snapshot, reason: str
) -> None:
    delegated(at_work)
    at_work.offer(snapshot_frame(next_book))
    assert DelegationEnded(delegation=FRIEND, reason=reason) in at_work.facts()
    at_work.offer(snapshot_frame(a_snapshot(a_grant(), version=7)))
    wish = Wish(FRIEND, open_door(FRONT))
    now = at_work.means.time.now()
    assert isinstance(decide(at_work.means.ledger.book, wish, now), Denied)
    with desk(folder, at_work.clock) as again:
        assert again.means.ledger.book.delegations == {}


def test_a_delegation_survives_new_books_and_restarts(folder: Path, at_work: Desk) -> None:
    delegated(at_work)
    at_work.offer(snapshot_frame(a_snapshot(a_grant(), version=2)))
    with desk(folder, at_work.clock) as again:
        again.trust_time()
        wish = Wish(FRIEND, open_door(FRONT))
        assert isinstance(decide(again.means.ledger.book, wish, again.means.time.now()), Allowed)


def test_a_delegation_recorded_but_cut_off_before_it_was_kept_is_found_again(
    folder: Path, at_work: Desk
) -> None:
    frame = seal(Kind.DELEGATION, a_delegation().to_bytes(), at_work.me.signer)
    at_work.means.record(
        RequestDecided(
            request=RequestId(named("r")), approved=True, by=BOOKER, delegation=frame.decode()
        )
    )
    with desk(folder, at_work.clock) as again:
        assert set(again.means.ledger.book.delegations) == {FRIEND}


def test_a_delegation_somebody_else_signed_is_not_believed(folder: Path, at_work: Desk) -> None:
    forged = seal(Kind.DELEGATION, a_delegation().to_bytes(), CLOUD)
    at_work.state.delegations.put(FRIEND, forged)
    with desk(folder, at_work.clock) as again:
        assert again.means.ledger.book.delegations == {}
        assert [each.name for each in again.alarms] == ["stored_delegation_refused"]


def _history() -> list[bytes]:
    """Five versions, each following the one before, the last two of a new epoch."""
    frames: list[bytes] = []
    for number in range(1, 6):
        grant: Grant = a_grant(generation=number)
        epoch, version = (1, number) if number < 4 else (2, number - 3)
        previous = fact_hash(frames[-1]) if frames and number != 4 else None
        frames.append(
            snapshot_frame(a_snapshot(grant, epoch=epoch, version=version, previous=previous))
        )
    return frames


HISTORY = _history()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(0, 4), max_size=8).flatmap(
        lambda more: st.permutations([*range(5), *more])
    )
)
def test_any_order_with_repeats_ends_in_the_same_book(order: list[int]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        settle(folder)
        with desk(folder, FakeClock()) as at_work:
            at_work.take_keys()
            seen: list[tuple[int, int]] = []
            for number in order:
                at_work.offer(HISTORY[number])
                seen.append(held(at_work) or (0, 0))
            assert all(one <= other for one, other in pairwise(seen))
            assert held(at_work) == (2, 2)
            assert at_work.means.ledger.book.grants[BOOKER].generation == 5
