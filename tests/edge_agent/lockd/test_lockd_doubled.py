"""What does a house do whose key another device has, too? It obeys the cloud's word on which it is."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.look_hints import LookHints
from edge_agent.doorkeeper import Attempt
from edge_agent.ports import LockDevice
from edge_agent.store import life
from protocol.envelope import Kind
from protocol.facts import Alarmed
from protocol.house import CurrentAnswer, CurrentQuery, HouseStatus
from protocol.life import LIVES_KEPT, Life
from protocol.live import Look, NonceRequest, Outcome
from tests.edge_agent.lockd_kit import (
    FakeClock,
    Hardware,
    Lockd,
    MemoryBolt,
    running,
    settle,
    signed,
)
from tests.edge_agent.means_kit import desk
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, ROOM, a_grant

OTHER, SECRET = "f" * 16, "5e" * 32


async def query_of(lockd: Lockd) -> CurrentQuery:
    return lockd.read(await lockd.client.query(), Kind.CURRENT_QUERY, CurrentQuery)


async def answer(
    lockd: Lockd, *, prove: str | None = None, rival: str | None = None
) -> tuple[bytes | None, str | None]:
    """The cloud's word on a fresh question."""
    said = CurrentAnswer(
        house=HOUSE,
        nonce=(await query_of(lockd)).nonce,
        now=lockd.clock.now,
        position=None,
        key_document=1,
        facts_received=0,
        prove=prove,
        rival=rival,
    )
    taken = await lockd.client.take("current", signed(Kind.CURRENT_ANSWER, said))
    assert taken.flaw is None
    return taken.reply, taken.reason


def an_ask() -> bytes:
    wish = {"house": HOUSE, "command": uuid4(), "grant": BOOKER, "lock": FRONT, "move": "open"}
    return signed(Kind.NONCE_REQUEST, NonceRequest.model_validate(wish))


def test_each_start_is_a_new_life_and_a_copy_branches_off(tmp_path: Path) -> None:
    chance = iter(range(1, 100))
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()

    def start(folder: Path) -> Life:
        return life.begin(folder, random_bytes=lambda size: next(chance).to_bytes(size))

    first = start(one)
    shutil.copytree(one, other)
    ours, copy = start(one), start(other)
    assert ours.former == copy.former == (first.id,)
    assert ours.id != copy.id
    starts = [start(one) for _ in range(LIVES_KEPT + 3)]
    assert len(starts[-1].former) == LIVES_KEPT
    (one / life.FILE).write_text("scratched")
    assert start(one).former == ()


async def test_a_challenge_is_answered_once_at_once_and_stays_in_each_question(
    tmp_path: Path,
) -> None:
    settle(tmp_path)
    async with running(tmp_path, FakeClock(), Hardware()) as lockd:
        await lockd.settle_in()
        reply, _ = await answer(lockd, prove="0" * 32)
        assert lockd.read(reply or b"", Kind.CURRENT_QUERY, CurrentQuery).proof == "0" * 32
        assert (await answer(lockd, prove="0" * 32))[0] is None
        assert (await query_of(lockd)).proof == "0" * 32
        await answer(lockd)
        assert (await query_of(lockd)).proof is None


async def test_who_lost_says_why_opens_for_guests_here_and_for_nobody_far_away(
    tmp_path: Path,
) -> None:
    settle(tmp_path)
    clock, hardware = FakeClock(), Hardware()
    async with running(tmp_path, clock, hardware) as lockd:
        await lockd.settle_in(a_grant(secret=SECRET))
        assert (await lockd.client.take("ask", an_ask())).reply is not None
        assert (await answer(lockd, rival=OTHER))[1] == "another_device_is_this_house"
        await answer(lockd, rival=OTHER)
        assert (await lockd.client.take("ask", an_ask())).reply is None
        opened = await lockd.open_door(await lockd.sign_in(SECRET), uuid4())
        assert isinstance(opened, Attempt)
        assert (opened.outcome, hardware.front.opened) == (Outcome.OPENED, 1)
        state = await lockd.client.state()
        assert (state.disputed, state.rival) == (True, OTHER)
        named = [each.body.name for each in await lockd.facts() if isinstance(each.body, Alarmed)]
        assert named.count("another_device_is_this_house") == 1
    async with running(tmp_path, clock, hardware) as again:
        assert (await again.client.state()).rival == OTHER
        assert (await again.client.take("ask", an_ask())).reply is None
        await answer(again)
        assert (await again.client.state()).rival is None
        assert (await again.client.take("ask", an_ask())).reply is not None


async def test_each_message_names_the_life_that_speaks(tmp_path: Path) -> None:
    settle(tmp_path)
    async with running(tmp_path, FakeClock(), Hardware()) as lockd:
        frame = await lockd.client.status(online=True, session="0" * 32)
        status = lockd.read(frame, Kind.STATUS, HouseStatus)
        assert status.life is not None
        assert status.life == (await query_of(lockd)).life
        assert status.life.number == 1


@pytest.mark.parametrize(
    ("lock", "year", "reason"),
    [(FRONT, 2099, None), (uuid4(), 2099, "unknown_lock"), (FRONT, 2020, "too_late")],
    ids=["known", "unknown", "late"],
)
async def test_a_hint_makes_a_known_lock_be_looked_at_soon(
    tmp_path: Path, lock: UUID, year: int, reason: str | None
) -> None:
    settle(tmp_path)
    async with running(tmp_path, FakeClock(), Hardware()) as lockd:
        await lockd.settle_in()
        until = lockd.clock.now.replace(year=year)
        hint = Look.model_validate({"house": HOUSE, "lock": lock, "until": until})
        taken = await lockd.client.take("look", signed(Kind.LOOK, hint))
        assert (taken.flaw, taken.reason) == (None, reason)
        if reason is None:
            again = await lockd.client.take("look", signed(Kind.LOOK, hint))
            assert again.reason == "too_soon"


def test_a_hint_wakes_the_keeper_of_that_lock_alone(tmp_path: Path) -> None:
    settle(tmp_path)
    with desk(tmp_path, FakeClock()) as made:
        made.take_keys()
        made.trust_time()
        rooms = {each: LockRoom(LockDevice(bolt=MemoryBolt())) for each in (FRONT, ROOM)}
        hints = LookHints(made.means, rooms)
        look = Look(house=HOUSE, lock=FRONT, until=made.clock.now + timedelta(seconds=60))
        frame = signed(Kind.LOOK, look)
        assert hints.take(frame) == "heard"
        assert (rooms[FRONT].news.is_set(), rooms[ROOM].news.is_set()) == (True, False)
        rooms[FRONT].news.clear()
        assert hints.take(frame) == "too_soon"
        assert not rooms[FRONT].news.is_set()
        made.clock.pass_time(timedelta(seconds=10))
        assert hints.take(frame) == "heard"
        assert hints.counted == {"heard": 2, "too_soon": 1}
