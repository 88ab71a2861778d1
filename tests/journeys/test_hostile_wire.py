"""Whatever is repeated, reordered, replayed, altered or planted on the wire opens no wrong door."""

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest

from protocol.topics import Down
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Stay, Town, another_house
from tests.journeys.wire import tapped

pytestmark = pytest.mark.journey
_AT_ONCE = 40
"""Fewer than one lane of the house's line holds, so that each is looked at."""


async def test_twenty_copies_old_captures_and_any_order_never_turn_the_book_back(
    new_town: NewTown,
) -> None:
    async with new_town() as town, tapped(town.broker.port) as tap:
        gone = await town.book()
        guest = await town.in_house(gone)
        await town.host.post(f"/api/v1/reservations/{gone.reservation}/cancel")
        await town.delivered()
        await town.book()
        held = await _position(town)
        captured = tap.on("/down/snapshot")
        assert len(captured) >= 3
        replay = [frame for frame in captured for _ in range(20)]
        for seed in range(3):
            random.Random(seed).shuffle(replay)  # noqa: S311 - an order, not a secret
            for frame in replay:
                await tap.say(town.topic(Down.SNAPSHOT), frame, retain=True)
            assert await _position(town) == held
            assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        await town.house.stop()  # an old one is now the broker's retained one
        await town.house.start()
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        assert await _position(town) == held
        assert town.house.all_openings() == 0


async def test_an_altered_snapshot_is_not_taken(new_town: NewTown) -> None:
    async with new_town(valve=True) as town, tapped(town.broker.port) as tap:
        held = await _position(town)
        known = len(tap.on("/down/snapshot"))
        town.valve.hold("/down/snapshot")
        today = town.today()
        reservation = await town.confirm("Sea room", today, today + timedelta(days=5))
        frame = await tap.next_on("/down/snapshot", after=known)
        await _put_in(town, Down.SNAPSHOT, _altered(frame))
        assert await _position(town) == held
        town.valve.release()
        stay = await town.stay_of(reservation)
        guest = await town.in_house(stay)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"


async def test_a_live_command_altered_anywhere_or_sent_twenty_times_opens_once(
    new_town: NewTown,
) -> None:
    async with new_town(valve=True) as town, tapped(town.broker.port) as tap:
        guest = await town.far_away(await town.book())
        town.world.stand_at(town.world.utc_now())  # so that the nonce does not die meanwhile
        town.valve.hold("/down/command")
        command = await town.ask_to_open(guest, FRONT)
        frame = await tap.next_on("/down/command")
        await _put_in(town, Down.COMMAND, _altered(frame))
        assert town.house.all_openings() == 0
        for _ in range(20):
            town.valve.put_in(town.topic(Down.COMMAND), frame)
        town.valve.release()
        await town.end_of(guest, command)

        async def has_opened() -> bool:
            return town.house.openings(FRONT) > 0

        await until(has_opened, "the true command opened nothing")
        for _ in range(20):
            town.valve.put_in(town.topic(Down.COMMAND), frame)
        # A later command has its own turn at the lock: all of the above is over by then.
        later = await town.ask_to_open(guest, FRONT)
        assert (await town.end_of(guest, later))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 2


async def test_messages_for_another_house_do_nothing_here(new_town: NewTown) -> None:
    async with new_town() as town, tapped(town.broker.port) as tap:
        await town.book()
        held = await _position(town)
        neighbour = await another_house(town)

        async def is_published() -> bool:
            return any(neighbour.house in topic for topic, _ in tap.heard)

        await until(is_published, "nothing was said to the other house")
        theirs = [body for topic, body in tap.heard if f"{neighbour.house}/down/snap" in topic]
        for frame in theirs:
            await tap.say(town.topic(Down.SNAPSHOT), frame)

        async def is_counted() -> bool:
            refused = (await town.health())["link"]["refused"]
            return int(refused.get("snapshot.wrong_house", 0)) >= len(theirs) > 0

        await until(is_counted, "the other house's book was not refused as such")
        assert await _position(town) == held


async def test_what_a_stranger_plants_on_the_broker_opens_nothing(new_town: NewTown) -> None:
    async with new_town() as town, tapped(town.broker.port) as tap:
        stay = await town.book()
        guest = await town.far_away(stay)
        first = await town.ask_to_open(guest, FRONT)
        assert (await town.end_of(guest, first))["outcome"] == "opened"
        live = tap.on("/down/ask") + tap.on("/down/command")
        assert len(live) == 2
        await town.house.stop()
        for channel in Down:
            topic = town.topic(channel)
            for frame in (*live, *tap.on("/up/facts"), b"", b"\x00" * 300_000, b"{" * 50_000):
                await tap.say(topic, frame, retain=True)
                await tap.say(f"{topic}/deeper", frame, retain=True)
        for frame in live:
            await tap.say(town.topic(Down.COMMAND), frame, retain=True)
        await town.house.start()
        for frame in live * 5:
            await tap.say(town.topic(Down.COMMAND), frame, retain=True)
            await tap.say(town.topic(Down.ASK), frame)
        await _still_served(town, stay)
        assert town.house.openings(FRONT) == 2


async def _still_served(town: Town, stay: Stay) -> None:
    """The house does its work for its own guest, far away too."""
    guest = await town.far_away(stay)

    async def is_online() -> bool:
        return bool((await town.health())["link"]["online"])

    await until(is_online, "the house did not come back")
    command = await town.ask_to_open(guest, FRONT)
    assert (await town.end_of(guest, command))["outcome"] == "opened"


async def _position(town: Town) -> tuple[int, int]:
    lockd = (await town.health())["lockd"]
    return lockd["epoch"], lockd["version"]


def _altered(frame: bytes) -> list[bytes]:
    """Each wrong in one byte: every byte of the header, and every fifth of the body."""
    dice = random.Random(len(frame))  # noqa: S311 - repeatable damage
    body = frame.index(b"\n") + 1
    return [
        frame[:at] + bytes([frame[at] ^ dice.randint(1, 255)]) + frame[at + 1 :]
        for at in (*range(body), *range(body, len(frame), 5))
    ]


async def _put_in(town: Town, channel: Down, frames: Sequence[bytes]) -> None:
    """Deliver them all, so slowly that none is dropped; every one must be refused."""
    before = await _refused(town, channel)
    for first in range(0, len(frames), _AT_ONCE):
        batch = frames[first : first + _AT_ONCE]
        for frame in batch:
            town.valve.put_in(town.topic(channel), frame)
        wanted = before + first + len(batch)

        async def are_refused(wanted: int = wanted) -> bool:
            return await _refused(town, channel) >= wanted

        await until(are_refused, "not every altered frame was refused")
    assert await _refused(town, channel) == before + len(frames)


async def _refused(town: Town, channel: Down) -> int:
    link = (await town.health())["link"]
    assert not link["dropped"]
    refused = link["refused"].items()
    return sum(times for flaw, times in refused if flaw.startswith(f"{channel.value}."))
