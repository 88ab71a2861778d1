"""Of two devices with one key the line that was heard first wins, and nobody alone is stopped."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from cloud_api.fleet.lives.rules import SILENCE, judge
from cloud_api.fleet.lives.types import Lineage, Verdict
from protocol.life import LIVES_KEPT, Life

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST = Life(number=1, id=f"{1:016x}")


def after(life: Life, name: int) -> Life:
    return life.next(f"{name:016x}")


def heard(*lives: Life, at: datetime = NOON) -> Lineage:
    """What is known once these were heard in this order, each proving itself."""
    known: Lineage | None = None
    for life in lives:
        known = judge(known, life, proven=True, now=at).among
    assert known is not None
    return known


def test_the_first_heard_is_the_device_and_so_is_its_next_start() -> None:
    known = heard(FIRST)
    assert known.holder == FIRST.id
    restarted = judge(known, after(FIRST, 2), proven=False, now=NOON)
    assert (restarted.verdict, restarted.among.holder) == (Verdict.FOLLOWS, after(FIRST, 2).id)
    assert restarted.among.losers == ()


def test_a_copy_is_told_only_after_it_proved_to_be_alive() -> None:
    original, copy = after(FIRST, 2), after(FIRST, 3)
    known = heard(FIRST, original)
    asked = judge(known, copy, proven=False, now=NOON)
    assert (asked.verdict, asked.among) == (Verdict.PROVE, known)
    told = judge(known, copy, proven=True, now=NOON)
    assert (told.verdict, told.loser, told.among.holder) == (
        Verdict.DOUBLED,
        copy.id,
        original.id,
    )


def test_a_restart_of_either_changes_nothing() -> None:
    original, copy = after(FIRST, 2), after(FIRST, 3)
    known = heard(FIRST, original, copy)
    again = judge(known, after(copy, 4), proven=False, now=NOON)
    assert (again.verdict, again.loser) == (Verdict.LOSER, None)
    ours = judge(again.among, after(original, 5), proven=False, now=NOON)
    assert (ours.verdict, ours.among.holder) == (Verdict.FOLLOWS, after(original, 5).id)
    assert judge(ours.among, after(after(copy, 4), 6), proven=False, now=NOON).loser is None


def test_what_was_copied_while_it_ran_wins_back_its_place() -> None:
    """The copy's first start looks like a restart of the original, until that speaks on."""
    copy, later = after(FIRST, 2), after(after(FIRST, 2), 3)
    known = heard(FIRST, copy, later)
    assert known.holder == later.id
    back = judge(known, FIRST, proven=True, now=NOON)
    assert (back.verdict, back.among.holder, back.loser) == (
        Verdict.TAKES_OVER,
        FIRST.id,
        later.id,
    )
    for each in (copy, later, after(later, 4)):
        assert judge(back.among, each, proven=True, now=NOON).verdict is Verdict.LOSER


def test_a_message_of_long_ago_changes_nothing() -> None:
    second = after(FIRST, 2)
    known = heard(FIRST, second)
    replayed = judge(known, FIRST, proven=False, now=NOON)
    assert (replayed.verdict, replayed.among) == (Verdict.PROVE, known)


def test_a_house_that_is_alone_is_not_stopped_for_long() -> None:
    """A card restored from a backup has another past than what was heard last."""
    known = heard(FIRST, after(FIRST, 2))
    restored = after(FIRST, 3)
    soon = judge(known, restored, proven=True, now=NOON)
    assert soon.verdict is Verdict.DOUBLED
    later = NOON + SILENCE
    assert judge(soon.among, restored, proven=False, now=later).verdict is Verdict.PROVE
    healed = judge(soon.among, restored, proven=True, now=later)
    assert (healed.verdict, healed.among.holder) == (Verdict.TAKES_OVER, restored.id)
    assert restored.id not in healed.among.losers


def test_who_took_over_while_the_true_one_was_away_gives_way_to_it() -> None:
    original, copy = after(FIRST, 2), after(FIRST, 3)
    taken = judge(heard(FIRST, original), copy, proven=True, now=NOON + SILENCE).among
    assert taken.holder == copy.id
    back = judge(taken, after(original, 4), proven=True, now=NOON + SILENCE)
    assert (back.among.holder, back.loser) == (after(original, 4).id, copy.id)
    assert judge(back.among, copy, proven=True, now=NOON + SILENCE).verdict is Verdict.LOSER


@given(some.lists(some.sampled_from(["ours", "theirs", "ours restarts", "theirs restarts"])))
def test_never_two_at_once_and_the_first_line_keeps_the_word(steps: list[str]) -> None:
    """Whatever the turns they take: one holder, and it is of the line that was first."""
    ours, theirs = after(FIRST, 2), after(FIRST, 3)
    known = heard(FIRST, ours)
    line, fresh = {ours.id}, 10
    for step in steps:
        fresh += 1
        if step == "ours restarts" and ours.number < LIVES_KEPT:
            ours = after(ours, fresh)
            line.add(ours.id)
        elif step == "theirs restarts" and theirs.number < LIVES_KEPT:
            theirs = after(theirs, fresh)
        speaker = ours if step.startswith("ours") else theirs
        judged = judge(known, speaker, proven=True, now=NOON + timedelta(seconds=fresh))
        known = judged.among
        assert known.holder in line
        assert (judged.verdict in {Verdict.DOUBLED, Verdict.LOSER}) is (speaker is theirs)
