"""The neighbours' peace and everybody's turn, on the real wire: speakers, queues, rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from edge_agent.actions.music_queue import QueueKeeper
from edge_agent.actions.music_warden import MusicWarden
from edge_agent.doorkeeper import HouseState, MusicPermit
from edge_agent.drivers.music_assistant import MusicAssistant
from edge_agent.errors import NoSuchThing, PickAnother
from edge_agent.ports import MediaType, PlayerReading, QueueOption
from edge_agent.simulator.music.server import MusicServer
from protocol.ids import GrantId
from protocol.music import MusicRules
from tests.edge_agent.drivers.music.waiting import eventually, eventually_async

TAVERN = "library://track/99"
BOOKER, ANA, BRUNO = (GrantId(UUID(int=number)) for number in (1, 2, 3))


@dataclass
class Rules:
    """lockd's word on what holds now; the test turns the clock."""

    ceiling: int = 100
    rules: MusicRules = field(default_factory=MusicRules)
    house: UUID = field(default_factory=uuid4)

    async def state(self) -> HouseState:
        now = datetime(2026, 7, 1, 22, tzinfo=UTC)
        return HouseState(
            house=self.house,
            clock="trusted",
            earliest=now,
            latest=now,
            epoch=1,
            version=1,
            facts_through=0,
            facts_acknowledged=0,
            flaws={},
            rules=self.rules,
            ceiling=self.ceiling,
            speakers=("living_room", "kitchen"),
        )


@pytest.fixture
def rules() -> Rules:
    return Rules()


@pytest.fixture
def queues(music: MusicAssistant) -> QueueKeeper:
    return QueueKeeper(music, music, music)


@pytest.fixture
def warden(music: MusicAssistant, queues: QueueKeeper, rules: Rules) -> MusicWarden:
    return MusicWarden(rules, music, queues)


def volume(server: MusicServer, player: str) -> int | None:
    return server.stage.world.players[player].told_volume


def at(server: MusicServer, player: str, percent: int) -> Callable[[], bool]:
    return lambda: volume(server, player) == percent


async def test_a_knob_that_is_turned_up_is_turned_back(
    server: MusicServer, music: MusicAssistant, warden: MusicWarden, rules: Rules
) -> None:
    rules.ceiling = 40
    server.stage.set_volume(server.stage.world.players["living_room"], 90)
    server.stage.set_volume(server.stage.world.players["terrace"], 90)
    await _knows(music, "living_room", 90)
    await _knows(music, "terrace", 90)
    assert await warden.turn(0.0)
    await eventually(at(server, "living_room", 40))
    await _knows(music, "living_room", 40)
    assert not await warden.turn(1.0)
    assert volume(server, "terrace") == 90  # not a player of this house's book
    assert volume(server, "kitchen") == 30  # quiet enough


async def test_when_quiet_hours_begin_the_music_sinks_and_does_not_drop(
    server: MusicServer, music: MusicAssistant, warden: MusicWarden, rules: Rules
) -> None:
    rules.rules = MusicRules(fade_seconds=10)
    await music.enqueue("living_room", "library://album/1", QueueOption.PLAY)
    await music.set_volume("living_room", 80)
    await _knows(music, "living_room", 80)
    assert not await warden.turn(0.0)
    rules.ceiling = 20
    for elapsed, expected in ((0.0, 80), (2.5, 65), (5.0, 50), (10.0, 20)):
        await warden.turn(100.0 + elapsed)
        await eventually(at(server, "living_room", expected))
        await _knows(music, "living_room", expected)
    assert not await warden.turn(111.0)


async def test_turned_up_while_it_fades_it_goes_back_to_the_line(
    server: MusicServer, music: MusicAssistant, warden: MusicWarden, rules: Rules
) -> None:
    rules.rules = MusicRules(fade_seconds=10)
    await music.enqueue("living_room", "library://album/1", QueueOption.PLAY)
    await music.set_volume("living_room", 80)
    await _knows(music, "living_room", 80)
    await warden.turn(0.0)
    rules.ceiling = 20
    await warden.turn(100.0)
    server.stage.set_volume(server.stage.world.players["living_room"], 100)
    await _knows(music, "living_room", 100)
    await warden.turn(105.0)
    await eventually(at(server, "living_room", 50))


async def test_a_warden_that_wakes_in_quiet_hours_does_not_wait_for_a_fade(
    server: MusicServer, music: MusicAssistant, warden: MusicWarden, rules: Rules
) -> None:
    rules.ceiling = 20
    await warden.turn(0.0)
    await eventually(at(server, "living_room", 20))
    await eventually(at(server, "kitchen", 20))


async def test_an_explicit_track_is_neither_found_nor_put_nor_played(
    server: MusicServer, music: MusicAssistant, queues: QueueKeeper
) -> None:
    permit = _permit(BOOKER, MusicRules(explicit=False))
    with pytest.raises(PickAnother) as refused:
        await queues.put("kitchen", TAVERN, QueueOption.ADD, permit)
    assert refused.value.reason == "explicit_not_here"
    assert server.received("player_queues/play_media") == []
    await queues.put("kitchen", "library://playlist/2", QueueOption.PLAY, permit)
    assert await _names(music) == ["Gymnopédie No. 2", "Capricho árabe"]


async def test_an_explicit_track_somebody_else_put_is_skipped(
    server: MusicServer, music: MusicAssistant, warden: MusicWarden, rules: Rules
) -> None:
    rules.rules = MusicRules(explicit=False)
    await music.enqueue("kitchen", TAVERN, QueueOption.REPLACE)
    await music.enqueue("kitchen", "library://track/2", QueueOption.ADD)
    await _plays(music, "Tavern Song")
    await warden.turn(0.0)
    await _plays(music, "Gymnopédie No. 2")


async def test_an_explicit_track_with_nothing_after_it_ends_in_silence(
    server: MusicServer, music: MusicAssistant, warden: MusicWarden, rules: Rules
) -> None:
    rules.rules = MusicRules(explicit=False)
    await music.enqueue("kitchen", TAVERN, QueueOption.REPLACE)
    await _plays(music, "Tavern Song")
    await warden.turn(0.0)
    await eventually(lambda: server.stage.world.players["kitchen"].state == "idle")


async def test_everybody_gets_a_turn(music: MusicAssistant, queues: QueueKeeper) -> None:
    rules = MusicRules(take_turns=True)
    await queues.put("kitchen", _track(1), QueueOption.PLAY, _permit(BOOKER, rules))
    for number in (2, 3, 4):
        await queues.put("kitchen", _track(number), QueueOption.ADD, _follower(ANA, rules))
    await queues.put("kitchen", _track(5), QueueOption.ADD, _follower(BRUNO, rules))
    await queues.put("kitchen", _track(6), QueueOption.ADD, _follower(BRUNO, rules))
    assert await _uris(music, queues) == ["1", "2a", "5b", "3a", "6b", "4a"]


async def test_an_album_waits_its_turn_track_by_track(
    music: MusicAssistant, queues: QueueKeeper
) -> None:
    rules = MusicRules(take_turns=True)
    await queues.put("kitchen", _track(12), QueueOption.PLAY, _permit(BOOKER, rules))
    await queues.put("kitchen", "library://album/2", QueueOption.ADD, _follower(ANA, rules))
    await queues.put("kitchen", "library://album/1", QueueOption.ADD, _follower(BRUNO, rules))
    assert await _uris(music, queues) == ["12", "4a", "1b", "5a", "2b", "6a", "3b", "7a"]


@pytest.mark.parametrize(
    "option", [QueueOption.PLAY, QueueOption.NEXT, QueueOption.REPLACE, QueueOption.REPLACE_NEXT]
)
async def test_a_companion_does_not_jump_the_queue(
    music: MusicAssistant, queues: QueueKeeper, option: QueueOption
) -> None:
    rules = MusicRules(take_turns=True)
    with pytest.raises(PickAnother) as refused:
        await queues.put("kitchen", _track(1), option, _follower(ANA, rules))
    assert refused.value.reason == "others_wait"
    await queues.put("kitchen", _track(1), option, _follower(ANA, MusicRules()))


async def test_nobody_fills_the_evening_alone(music: MusicAssistant, queues: QueueKeeper) -> None:
    rules = MusicRules(waiting_each=2)
    for number in (1, 2, 3):
        await queues.put("kitchen", _track(number), QueueOption.ADD, _follower(ANA, rules))
    with pytest.raises(PickAnother) as refused:
        await queues.put("kitchen", _track(4), QueueOption.ADD, _follower(ANA, rules))
    assert refused.value.reason == "enough_waiting"
    await queues.put("kitchen", _track(4), QueueOption.ADD, _follower(BRUNO, rules))


async def test_the_library_is_looked_through_kind_by_kind(music: MusicAssistant) -> None:
    albums = await music.shelf(MediaType.ALBUM, limit=2, offset=1)
    assert [each.name for each in albums] == ["Gymnopédies", "Suite bergamasque"]
    artists = await music.shelf(MediaType.ARTIST, limit=10, offset=0)
    assert [each.name for each in artists][:2] == ["Claude Debussy", "Erik Satie"]
    playlists = await music.shelf(MediaType.PLAYLIST, limit=10, offset=0)
    assert [each.uri for each in playlists] == ["library://playlist/2", "library://playlist/1"]


async def test_an_address_is_looked_up(music: MusicAssistant) -> None:
    assert (await music.look_up(TAVERN)).explicit is True
    with pytest.raises(NoSuchThing):
        await music.look_up("library://track/4711")


async def _knows(music: MusicAssistant, player: str, percent: int) -> None:
    """Wait until the driver has heard of it."""
    await _reads(music, player, lambda reading: reading.volume == percent)


async def _plays(music: MusicAssistant, title: str) -> None:
    await _reads(music, "kitchen", lambda reading: reading.title == title)


async def _reads(music: MusicAssistant, player: str, fits: Callable[[PlayerReading], bool]) -> None:
    async def is_so() -> bool:
        return any(each.player == player and fits(each) for each in await music.players())

    await eventually_async(is_so)


async def _names(music: MusicAssistant) -> list[str]:
    return [each.name for each in await music.items("kitchen", limit=100)]


async def _uris(music: MusicAssistant, queues: QueueKeeper) -> list[str]:
    """Numbers of the tracks in the kitchen's queue, each with whose it is."""
    marks = {ANA: "a", BRUNO: "b"}
    whose = {item: mark for who, mark in marks.items() for item in queues.yours(str(who))}
    numbers = {
        each.name: each.uri.rsplit("/", 1)[1] for each in await music.tracks(limit=100, offset=0)
    }
    items = await music.items("kitchen", limit=100)
    return [numbers[each.name] + whose.get(each.item, "") for each in items]


def _track(number: int) -> str:
    return f"library://track/{number}"


def _permit(who: GrantId, rules: MusicRules) -> MusicPermit:
    return MusicPermit(allowed=True, grant=who, rules=rules)


def _follower(who: GrantId, rules: MusicRules) -> MusicPermit:
    return MusicPermit(allowed=True, grant=who, rules=rules, leads=False)
