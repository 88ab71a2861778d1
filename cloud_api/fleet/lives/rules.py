"""Of two devices with one key, which one is the house's?

The line of lives that was heard first. A restart continues its line, for it names the lives before
it; a copy branches off. Nobody loses for a message of long ago: whoever breaks the line first
proves that it is alive, by answering a fresh challenge. A life that was copied while it ran, and
speaks on after its copy was taken for its restart, wins back its place. A house that is alone is
never stopped for long: when the holder has been silent, another line takes over, as after a
restored card.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from cloud_api.fleet.lives.types import Judged, Lineage, Verdict
from protocol.life import Life

SILENCE = timedelta(minutes=10)
"""A house asks at least every two minutes."""

LOSERS_KEPT = 64


def judge(known: Lineage | None, life: Life, *, proven: bool, now: datetime) -> Judged:
    """What a life that speaks now means for the house. `proven`: it answered our challenge."""
    if known is None:
        return Judged(Verdict.FOLLOWS, _held_by(life, None, now))
    if life.id == known.holder:
        return Judged(Verdict.HOLDER, replace(known, heard_at=now))
    is_silent = now - known.heard_at >= SILENCE
    if not set(known.losers).isdisjoint({life.id, *life.former}):
        return _of_a_loser(known, life, proven=proven, is_silent=is_silent, now=now)
    if known.holder in life.former:
        return Judged(Verdict.FOLLOWS, _held_by(life, known, now))
    return _of_a_branch(known, life, is_silent=is_silent, now=now) if proven else _unproven(known)


def _of_a_branch(known: Lineage, life: Life, *, is_silent: bool, now: datetime) -> Judged:
    if _was_first(known, life):
        after = _with_losers(_held_by(life, known, now), *_line_after(known, life))
        return Judged(Verdict.TAKES_OVER, replace(after, elder=None), loser=known.holder)
    if is_silent:
        after = replace(_held_by(life, known, now), elder=known.holder)
        return Judged(Verdict.TAKES_OVER, after)
    return Judged(Verdict.DOUBLED, _with_losers(known, life.id), loser=life.id)


def _unproven(known: Lineage) -> Judged:
    return Judged(Verdict.PROVE, known)


def _of_a_loser(
    known: Lineage, life: Life, *, proven: bool, is_silent: bool, now: datetime
) -> Judged:
    if not is_silent:
        return Judged(Verdict.LOSER, _with_losers(known, life.id))
    if not proven:
        return _unproven(known)
    pardoned = tuple(each for each in known.losers if each not in {life.id, *life.former})
    after = replace(_held_by(life, known, now), losers=pardoned, elder=known.holder)
    return Judged(Verdict.TAKES_OVER, after)


def _was_first(known: Lineage, life: Life) -> bool:
    """The holder descends from it, or took over while it was silent."""
    if life.id in known.former:
        return True
    return known.elder is not None and known.elder in {life.id, *life.former}


def _line_after(known: Lineage, life: Life) -> tuple[str, ...]:
    """The holder, with its former lives that came after the branch."""
    if life.id not in known.former:
        return (known.holder,)
    return (*known.former[known.former.index(life.id) + 1 :], known.holder)


def _held_by(life: Life, known: Lineage | None, now: datetime) -> Lineage:
    return Lineage(
        holder=life.id,
        number=life.number,
        former=life.former,
        heard_at=now,
        elder=None if known is None else known.elder,
        losers=() if known is None else known.losers,
    )


def _with_losers(known: Lineage, *lives: str) -> Lineage:
    rest = tuple(each for each in known.losers if each not in lives)
    return replace(known, losers=(*rest, *lives)[-LOSERS_KEPT:])
