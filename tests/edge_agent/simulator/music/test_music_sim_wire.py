"""The simulated server on the bare wire, without any client library."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from pydantic import JsonValue

from edge_agent.simulator.music.catalogue import large_catalogue
from edge_agent.simulator.music.commands import COMMANDS
from edge_agent.simulator.music.faults import Fault, FaultKind, Pace
from edge_agent.simulator.music.server import MusicServer

type Frame = dict[str, JsonValue]

TOKEN = "planted"


class Wire:
    """One link, spoken by hand."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[Frame] = []

    async def frame(self) -> Frame:
        async with asyncio.timeout(5):
            frame: Frame = await self._socket.receive_json()
        return frame

    async def send(self, command: str, args: Frame | None = None) -> str:
        self._number += 1
        message_id = f"m{self._number}"
        frame = {"message_id": message_id, "command": command, "args": args}
        await self._socket.send_str(json.dumps(frame))
        return message_id

    async def call(self, command: str, args: Frame | None = None) -> Frame:
        message_id = await self.send(command, args)
        while (frame := await self.frame()).get("message_id") != message_id:
            self.events.append(frame)
        return frame

    async def result(self, command: str, args: Frame | None = None) -> JsonValue:
        return (await self.call(command, args))["result"]

    async def event(self, name: str) -> Frame:
        while True:
            for frame in self.events:
                if frame["event"] == name:
                    self.events.remove(frame)
                    return frame
            self.events.append(await self.frame())

    async def hang_up(self) -> None:
        await self._socket.close()

    async def raw(self, text: str) -> None:
        await self._socket.send_str(text)

    async def ended(self) -> bool:
        async with asyncio.timeout(5):
            while (await self._socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        return True


@pytest.fixture
async def server() -> AsyncIterator[MusicServer]:
    pace = Pace(volume_event=0.05, track_change=0.05, throttle=0.0)
    async with MusicServer(token=TOKEN, pace=pace) as server:
        yield server


@asynccontextmanager
async def dial(server: MusicServer) -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server.url}/ws") as socket:
        yield Wire(socket)


@pytest.fixture
async def wire(server: MusicServer) -> AsyncIterator[Wire]:
    async with dial(server) as wire:
        await wire.frame()
        assert "result" in await wire.call("auth", {"token": TOKEN})
        yield wire


async def all_gone(server: MusicServer) -> None:
    async with asyncio.timeout(5):
        while server.links:  # noqa: ASYNC110 - the other side of a socket sets no event
            await asyncio.sleep(0.005)


async def test_the_first_frame_presents_the_server(server: MusicServer) -> None:
    async with dial(server) as wire:
        hello = await wire.frame()
    assert hello["schema_version"] == 29
    assert hello["base_url"] == server.url
    assert "message_id" not in hello


@pytest.mark.parametrize("args", [{"token": "wrong"}, {}, {"token": 7}, {"token": TOKEN, "x": 1}])
async def test_a_wrong_token_is_error_23(server: MusicServer, args: Frame) -> None:
    async with dial(server) as wire:
        await wire.frame()
        assert (await wire.call("auth", args))["error_code"] == 23
        assert (await wire.call("players/all"))["error_code"] == 20


@pytest.mark.parametrize("command", sorted(COMMANDS))
async def test_no_command_is_done_before_the_token(server: MusicServer, command: str) -> None:
    async with dial(server) as wire:
        await wire.frame()
        assert (await wire.call(command))["error_code"] == 20


async def test_an_unknown_command_is_error_12(wire: Wire) -> None:
    assert (await wire.call("players/cmd/self_destruct"))["error_code"] == 12


@pytest.mark.parametrize("command", sorted(COMMANDS))
async def test_arguments_nobody_knows_are_refused(wire: Wire, command: str) -> None:
    assert (await wire.call(command, {"surprise": 1}))["error_code"] == 999


@pytest.mark.parametrize(
    "args",
    [
        {"player_id": "kitchen", "volume_level": "30"},
        {"player_id": "kitchen", "volume_level": 30.5},
        {"player_id": "kitchen"},
        {"player_id": 7, "volume_level": 30},
        {"player_id": "kitchen", "volume_level": True},
    ],
)
async def test_arguments_of_another_type_are_refused(
    server: MusicServer, wire: Wire, args: Frame
) -> None:
    assert (await wire.call("players/cmd/volume_set", args))["error_code"] == 999
    assert server.stage.world.players["kitchen"].volume == 30


@pytest.mark.parametrize("text", ["no json", "[]", '{"command": "info"}', '{"message_id": 1}'])
async def test_a_frame_that_is_no_command_ends_the_link(wire: Wire, text: str) -> None:
    await wire.raw(text)
    assert await wire.ended()


async def test_volume_answers_at_once_and_is_told_later(server: MusicServer, wire: Wire) -> None:
    args: Frame = {"player_id": "kitchen", "volume_level": 44}
    assert await wire.result("players/cmd/volume_set", args) is None
    assert server.stage.world.players["kitchen"].told_volume == 30
    event = await wire.event("player_updated")
    data = event["data"]
    assert isinstance(data, dict)
    assert (event["object_id"], data["volume_level"]) == ("kitchen", 44)


async def test_volume_to_nobody_is_null_without_error(server: MusicServer, wire: Wire) -> None:
    server.stage.set_available("terrace", available=False)
    for player in ("attic", "terrace"):
        frame = await wire.call("players/cmd/volume_set", {"player_id": player, "volume_level": 5})
        assert frame["result"] is None
    assert server.stage.world.players["terrace"].volume == 20


@pytest.mark.parametrize("level", [500, -1])
async def test_a_volume_beyond_the_scale_is_the_real_ones_error(wire: Wire, level: int) -> None:
    args: Frame = {"player_id": "kitchen", "volume_level": level}
    frame = await wire.call("players/cmd/volume_set", args)
    assert (frame["error_code"], frame["details"]) == (11, "list index out of range")


async def test_next_changes_the_queue_at_once_and_the_player_later(
    server: MusicServer, wire: Wire
) -> None:
    await wire.call(
        "player_queues/play_media",
        {"queue_id": "kitchen", "media": "library://album/1", "option": "replace"},
    )
    await wire.call("player_queues/next", {"queue_id": "kitchen"})
    queue = await wire.result("player_queues/get_active_queue", {"player_id": "kitchen"})
    assert isinstance(queue, dict)
    assert queue["current_index"] == 1
    assert server.stage.world.players["kitchen"].told_item is None
    await asyncio.sleep(0.15)
    assert server.stage.world.players["kitchen"].told_item == "item000002"


async def test_replace_empties_the_queue_before_it_looks(server: MusicServer, wire: Wire) -> None:
    play: Frame = {"queue_id": "kitchen", "media": "library://album/1", "option": "replace"}
    await wire.call("player_queues/play_media", play)
    missing = await wire.call("player_queues/play_media", play | {"media": "library://album/9"})
    assert missing["error_code"] == 2
    assert server.stage.world.queues["kitchen"].items == []


async def test_commands_to_unknown_queues_fail_as_the_real_ones(wire: Wire) -> None:
    codes = {}
    for command in ("play", "pause", "stop", "next", "previous", "clear"):
        frame = await wire.call(f"player_queues/{command}", {"queue_id": "attic"})
        codes[command] = frame.get("error_code")
    assert codes == {
        "play": 10,
        "pause": None,
        "stop": 999,
        "next": None,
        "previous": None,
        "clear": 999,
    }


async def test_a_player_cannot_join_one_that_follows_another(wire: Wire) -> None:
    join = "players/cmd/group"
    await wire.call(join, {"player_id": "terrace", "target_player": "kitchen"})
    late = await wire.call(join, {"player_id": "living_room", "target_player": "terrace"})
    assert late["error_code"] == 11
    await wire.call("players/cmd/ungroup", {"player_id": "kitchen"})
    players = await wire.result("players/all")
    assert isinstance(players, list)
    assert all(isinstance(p, dict) and p["synced_to"] is None for p in players)


async def test_long_lists_come_in_pieces(server: MusicServer, wire: Wire) -> None:
    server.stage.world.catalogue = large_catalogue(1100)
    message_id = await wire.send("music/tracks/library_items", {"limit": 2000})
    sizes: list[int] = []
    partial: list[JsonValue] = []
    while not partial or partial[-1]:
        frame = await wire.frame()
        assert frame["message_id"] == message_id
        result = frame["result"]
        assert isinstance(result, list)
        sizes.append(len(result))
        partial.append(frame["partial"])
    assert (sizes, partial) == ([500, 500, 100], [True, True, False])


async def test_state_survives_a_restart_of_the_sockets(server: MusicServer, wire: Wire) -> None:
    await wire.call("players/cmd/volume_set", {"player_id": "kitchen", "volume_level": 44})
    url = server.url
    await server.restart(tokens_to_reject=1)
    assert server.url == url
    async with dial(server) as again:
        await again.frame()
        assert (await again.call("auth", {"token": TOKEN}))["error_code"] == 23
        assert "result" in await again.call("auth", {"token": TOKEN})
    assert server.stage.world.players["kitchen"].volume == 44


async def test_the_journal_keeps_commands_and_no_token(server: MusicServer, wire: Wire) -> None:
    await wire.call("player_queues/pause", {"queue_id": "kitchen"})
    assert [(line.link, line.command, line.args) for line in server.journal] == [
        (1, "auth", {}),
        (1, "player_queues/pause", {"queue_id": "kitchen"}),
    ]


@pytest.mark.parametrize(
    ("kind", "done", "answers"),
    [
        (FaultKind.IGNORED, False, 0),
        (FaultKind.LOST_REPLY, True, 0),
        (FaultKind.LATE, True, 1),
        (FaultKind.ERROR, False, 1),
        (FaultKind.TWICE, True, 2),
    ],
)
async def test_faults_that_keep_the_link(
    server: MusicServer, wire: Wire, *, kind: FaultKind, done: bool, answers: int
) -> None:
    server.faults.add(Fault(kind=kind, command="players/cmd/volume_mute", times=1))
    mute: Frame = {"player_id": "kitchen", "muted": True}
    message_id = await wire.send("players/cmd/volume_mute", mute)
    await asyncio.sleep(0.05)
    await wire.call("info")
    assert server.stage.world.players["kitchen"].muted is done
    assert sum(frame.get("message_id") == message_id for frame in wire.events) == answers
    assert "result" in await wire.call("players/cmd/volume_mute", mute)  # used up


@pytest.mark.parametrize(
    ("kind", "done"), [(FaultKind.DROP_BEFORE, False), (FaultKind.DROP_AFTER, True)]
)
async def test_faults_that_cut_the_link(
    server: MusicServer, wire: Wire, *, kind: FaultKind, done: bool
) -> None:
    server.faults.add(Fault(kind=kind, times=1))
    await wire.send("players/cmd/volume_mute", {"player_id": "kitchen", "muted": True})
    assert await wire.ended()
    assert server.stage.world.players["kitchen"].muted is done
    await all_gone(server)


async def test_events_go_to_every_link_with_a_token_and_to_no_other(
    server: MusicServer, wire: Wire
) -> None:
    async with dial(server) as stranger:
        await stranger.frame()
        server.stage.set_available("terrace", available=False)
        assert (await wire.event("player_updated"))["object_id"] == "terrace"
        await stranger.call("info")
        assert stranger.events == []


async def test_a_client_that_hangs_up_leaves_nothing_behind(server: MusicServer) -> None:
    async with dial(server) as wire:
        await wire.frame()
        await wire.hang_up()
    await all_gone(server)
