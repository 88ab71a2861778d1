"""What every speaker driver must do, whoever made the speakers.

`SpeakerContract` holds for all, `QueueContract` for those whose server tells its queue.
`test_every_speaker.py` runs them; a new driver brings a bench and a line in `speaker_benches.py`.
"""

import asyncio
from typing import Protocol

import pytest

from edge_agent.errors import NoSuchThing, PickAnother, TryLater, Unsupported
from edge_agent.ports import (
    HandBack,
    MediaLibrary,
    MediaType,
    PlaybackState,
    PlayerChanges,
    PlayerReading,
    PlayQueue,
    QueueOption,
    Speakers,
    Transport,
)
from tests.edge_agent.drivers.music.waiting import eventually_async


class SpeakerDriver(Speakers, PlayerChanges, MediaLibrary, PlayQueue, HandBack, Protocol):
    """All ports of a speaker driver."""


class SpeakerBench(Protocol):
    """A driver with two idle, connected, ungrouped players, and a hand on the devices."""

    player: str
    other: str
    tracks: tuple[str, str, str]
    """Addresses of three single tracks."""
    words: str
    """A search that finds at least one track."""

    @property
    def driver(self) -> SpeakerDriver:
        """The driver under test, connected."""

    async def unplug(self, player: str) -> None:
        """Take a player off the mains."""

    async def follow(self, player: str, leader: str) -> None:
        """Let a player play what another one plays, as somebody at the device might."""

    async def true_volume(self, player: str) -> int:
        """The volume at the device itself."""

    async def queued(self, player: str) -> int:
        """How much the device itself has to play."""

    async def lose_server(self) -> None:
        """Make everything unreachable, until the end of the test."""


async def reading(bench: SpeakerBench, player: str) -> PlayerReading:
    """The driver's reading of one player."""
    return next(r for r in await bench.driver.players() if r.player == player)


async def in_state(bench: SpeakerBench, player: str, state: PlaybackState) -> None:
    """Wait for it."""

    async def reached() -> bool:
        return (await reading(bench, player)).state is state

    await eventually_async(reached)


async def alone(bench: SpeakerBench, player: str) -> None:
    """Wait until it plays with nobody."""

    async def reached() -> bool:
        return (await reading(bench, player)).group == ()

    await eventually_async(reached)


async def current(bench: SpeakerBench, player: str) -> list[bool]:
    """Which item of the queue is current."""
    return [item.current for item in await bench.driver.items(player, limit=50)]


class SpeakerContract:
    """Every driver."""

    async def test_players_are_listed_with_their_state(self, bench: SpeakerBench) -> None:
        players = {r.player: r for r in await bench.driver.players()}
        assert players[bench.player].state is PlaybackState.IDLE
        assert players[bench.other].state is PlaybackState.IDLE
        assert not any(r.stale for r in players.values())

    async def test_play_pause_and_stop_are_seen_on_the_player(self, bench: SpeakerBench) -> None:
        await bench.driver.enqueue(bench.player, bench.tracks[0], QueueOption.ADD)
        await bench.driver.transport(bench.player, Transport.PLAY)
        await in_state(bench, bench.player, PlaybackState.PLAYING)
        await bench.driver.transport(bench.player, Transport.PAUSE)
        await in_state(bench, bench.player, PlaybackState.PAUSED)
        await bench.driver.transport(bench.player, Transport.STOP)
        await in_state(bench, bench.player, PlaybackState.IDLE)

    @pytest.mark.parametrize("percent", [0, 1, 100])
    async def test_volume_reaches_the_device(self, bench: SpeakerBench, percent: int) -> None:
        await bench.driver.set_volume(bench.player, percent)
        assert await bench.true_volume(bench.player) == percent

        async def told() -> bool:
            return (await reading(bench, bench.player)).volume == percent

        await eventually_async(told)

    @pytest.mark.parametrize("percent", [-1, 101, 500])
    async def test_a_volume_beyond_the_scale_is_refused(
        self, bench: SpeakerBench, percent: int
    ) -> None:
        before = await bench.true_volume(bench.player)
        with pytest.raises(PickAnother):
            await bench.driver.set_volume(bench.player, percent)
        assert await bench.true_volume(bench.player) == before

    async def test_the_last_of_many_volumes_wins(self, bench: SpeakerBench) -> None:
        async with asyncio.TaskGroup() as group:
            for percent in range(1, 101):
                group.create_task(bench.driver.set_volume(bench.player, percent))
        assert await bench.true_volume(bench.player) == 100

    async def test_an_unknown_player_does_not_exist(self, bench: SpeakerBench) -> None:
        with pytest.raises(NoSuchThing):
            await bench.driver.set_volume("no such player", 10)
        with pytest.raises(NoSuchThing):
            await bench.driver.transport("no such player", Transport.STOP)
        with pytest.raises(NoSuchThing):
            await bench.driver.items("no such player", limit=10)
        with pytest.raises(NoSuchThing):
            await bench.driver.enqueue("no such player", bench.tracks[0], QueueOption.PLAY)

    async def test_an_unplugged_player_is_listed_and_cannot_be_told(
        self, bench: SpeakerBench
    ) -> None:
        await bench.unplug(bench.player)
        await in_state(bench, bench.player, PlaybackState.NOT_CONNECTED)
        with pytest.raises(TryLater):
            await bench.driver.set_volume(bench.player, 10)
        with pytest.raises(TryLater):
            await bench.driver.transport(bench.player, Transport.PLAY)

    @pytest.mark.parametrize("uri", ["", "http://203.0.113.1/x.mp3", "file:///etc/passwd", "x y"])
    async def test_addresses_outside_the_library_are_refused(
        self, bench: SpeakerBench, uri: str
    ) -> None:
        with pytest.raises(PickAnother):
            await bench.driver.enqueue(bench.player, uri, QueueOption.PLAY)
        assert await bench.queued(bench.player) == 0

    async def test_a_search_finds_what_can_be_played(self, bench: SpeakerBench) -> None:
        found = await bench.driver.search(bench.words, types=(MediaType.TRACK,), limit=1)
        assert [item.media_type for item in found] == [MediaType.TRACK]
        await bench.driver.enqueue(bench.player, found[0].uri, QueueOption.REPLACE)

        async def told() -> bool:
            return (await reading(bench, bench.player)).title == found[0].name

        await eventually_async(told)

    async def test_a_search_for_nothing_is_refused(self, bench: SpeakerBench) -> None:
        with pytest.raises(PickAnother):
            await bench.driver.search("  ", types=(MediaType.TRACK,), limit=10)

    async def test_pages_of_the_library_join_without_gaps(self, bench: SpeakerBench) -> None:
        whole = await bench.driver.tracks(limit=6, offset=0)
        pages = [await bench.driver.tracks(limit=2, offset=offset) for offset in (0, 2, 4)]
        assert tuple(item for page in pages for item in page) == whole
        assert len(whole) >= 3

    async def test_hand_back_leaves_the_speakers_as_found(self, bench: SpeakerBench) -> None:
        driver, player, other = bench.driver, bench.player, bench.other
        found = await driver.snapshot_volumes()
        assert {player, other} <= found.keys()
        await driver.enqueue(player, bench.tracks[0], QueueOption.REPLACE)
        await bench.follow(other, player)
        await driver.set_volume(player, 91)
        await driver.set_volume(other, 92)
        await driver.hand_back(found)
        for each in (player, other):
            assert await bench.true_volume(each) == found[each]
            assert await bench.queued(each) == 0
            await in_state(bench, each, PlaybackState.IDLE)
            await alone(bench, each)

    async def test_hand_back_skips_the_absent_and_says_so(self, bench: SpeakerBench) -> None:
        found = await bench.driver.snapshot_volumes()
        await bench.driver.set_volume(bench.other, 93)
        await bench.unplug(bench.player)
        await in_state(bench, bench.player, PlaybackState.NOT_CONNECTED)
        with pytest.raises(TryLater):
            await bench.driver.hand_back(found)
        assert await bench.true_volume(bench.other) == found[bench.other]

    async def test_changes_are_told_as_they_come(self, bench: SpeakerBench) -> None:
        with bench.driver.changes() as changes:
            await bench.driver.set_volume(bench.player, 77)
            async with asyncio.timeout(10):
                async for change in changes:
                    if change.player == bench.player and change.volume == 77:
                        return

    async def test_without_the_server_players_are_stale_and_commands_wait(
        self, bench: SpeakerBench
    ) -> None:
        await bench.lose_server()
        await in_state(bench, bench.player, PlaybackState.NOT_CONNECTED)
        assert all(r.stale for r in await bench.driver.players())
        with pytest.raises(TryLater):
            await bench.driver.transport(bench.player, Transport.PLAY)
        with pytest.raises(TryLater):
            await bench.driver.search("x", types=(MediaType.TRACK,), limit=1)
        with pytest.raises(TryLater):
            await bench.driver.hand_back({})


class QueueContract:
    """Drivers whose server tells its queue."""

    async def test_next_and_previous_move_through_the_queue(self, bench: SpeakerBench) -> None:
        await bench.driver.enqueue(bench.player, bench.tracks[0], QueueOption.REPLACE)
        await bench.driver.enqueue(bench.player, bench.tracks[1], QueueOption.ADD)
        await bench.driver.transport(bench.player, Transport.NEXT)
        assert await current(bench, bench.player) == [False, True]
        await bench.driver.transport(bench.player, Transport.PREVIOUS)
        assert await current(bench, bench.player) == [True, False]

    async def test_playing_an_empty_queue_is_refused(self, bench: SpeakerBench) -> None:
        with pytest.raises(NoSuchThing):
            await bench.driver.transport(bench.player, Transport.PLAY)

    async def test_replace_forgets_what_was_queued(self, bench: SpeakerBench) -> None:
        first, second, _ = bench.tracks
        await bench.driver.enqueue(bench.player, first, QueueOption.REPLACE)
        before = await bench.driver.items(bench.player, limit=10)
        await bench.driver.enqueue(bench.player, second, QueueOption.REPLACE)
        after = await bench.driver.items(bench.player, limit=10)
        assert len(after) == 1
        assert after[0].name != before[0].name
        await in_state(bench, bench.player, PlaybackState.PLAYING)

    async def test_each_option_puts_media_in_its_place(self, bench: SpeakerBench) -> None:
        first, second, third = bench.tracks
        driver, player = bench.driver, bench.player
        names = []
        for uri in bench.tracks:
            await driver.enqueue(player, uri, QueueOption.REPLACE)
            names.append((await driver.items(player, limit=1))[0].name)

        async def queued() -> list[str]:
            return [item.name for item in await driver.items(player, limit=10)]

        one, two, three = names
        await driver.enqueue(player, first, QueueOption.REPLACE)
        await driver.enqueue(player, second, QueueOption.ADD)
        assert await queued() == [one, two]
        await driver.enqueue(player, third, QueueOption.NEXT)
        assert await queued() == [one, three, two]
        await driver.enqueue(player, second, QueueOption.REPLACE_NEXT)
        assert await queued() == [one, two]
        assert await current(bench, player) == [True, False]
        await driver.enqueue(player, third, QueueOption.PLAY)
        assert await queued() == [one, three, two]
        assert await current(bench, player) == [False, True, False]

    async def test_media_that_does_not_exist_changes_nothing(self, bench: SpeakerBench) -> None:
        await bench.driver.enqueue(bench.player, bench.tracks[0], QueueOption.REPLACE)
        for option in QueueOption:
            with pytest.raises(NoSuchThing):
                await bench.driver.enqueue(bench.player, f"{bench.tracks[0]}-missing", option)
        assert len(await bench.driver.items(bench.player, limit=10)) == 1

    async def test_a_follower_uses_its_leaders_queue(self, bench: SpeakerBench) -> None:
        await bench.driver.enqueue(bench.other, bench.tracks[0], QueueOption.REPLACE)
        await bench.follow(bench.player, bench.other)
        await bench.driver.enqueue(bench.player, bench.tracks[1], QueueOption.ADD)
        assert len(await bench.driver.items(bench.other, limit=10)) == 2
        await bench.driver.transport(bench.player, Transport.PAUSE)
        await in_state(bench, bench.other, PlaybackState.PAUSED)


class NoQueueContract:
    """Drivers whose server tells no queue say so, and do nothing instead."""

    async def test_what_needs_a_queue_is_refused_by_name(self, bench: SpeakerBench) -> None:
        driver, player = bench.driver, bench.player
        await driver.enqueue(player, bench.tracks[0], QueueOption.REPLACE)
        with pytest.raises(Unsupported):
            await driver.items(player, limit=10)
        with pytest.raises(Unsupported):
            await driver.enqueue(player, bench.tracks[1], QueueOption.REPLACE_NEXT)
        assert await bench.queued(player) == 1
