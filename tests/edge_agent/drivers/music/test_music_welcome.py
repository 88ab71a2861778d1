"""A server that refuses the token or speaks another version: what helps itself, what needs a host?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant, MusicAssistantConfig
from edge_agent.errors import DeviceUnreachable, NotPermitted, Unsupported
from edge_agent.ports import MediaType, QueueOption, Transport
from edge_agent.simulator.music.faults import Fault, FaultKind
from edge_agent.simulator.music.server import MusicServer
from tests.edge_agent.drivers.music.waiting import eventually

TRACK = "library://track/1"


async def test_a_token_refused_right_after_a_restart_is_tried_again_without_the_host(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    pause = timedelta(milliseconds=100)
    async with MusicAssistant(replace(config, first_pause=pause, longest_pause=pause)) as music:
        assert await music.wait_connected(15)
        reasons: set[str | None] = set()

        def back() -> bool:
            reasons.add(music.status.reason)
            return music.status.links == 2

        await server.restart(tokens_to_reject=2)
        await eventually(back)
    assert "token_refused_once" in reasons
    assert "token_refused" not in reasons
    assert len(server.received("auth")) == 4


async def test_a_token_refused_again_and_again_needs_the_host(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    async with MusicAssistant(replace(config, token="a wrong one")) as music:
        with pytest.raises(DeviceUnreachable):
            await music.transport("kitchen", Transport.PLAY)
        await eventually(lambda: music.status.reason == "token_refused")
        with pytest.raises(NotPermitted):
            await music.transport("kitchen", Transport.PLAY)


async def test_a_link_cut_while_the_token_is_checked_is_not_a_refused_token(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    server.faults.add(Fault(kind=FaultKind.DROP_BEFORE, command="auth", times=5))
    async with MusicAssistant(config) as music:
        await eventually(lambda: len(server.received("auth")) >= 4)
        assert music.status.reason == "link_lost"
        assert await music.wait_connected(15)


async def test_a_server_too_new_for_the_library_needs_the_host(
    config: MusicAssistantConfig,
) -> None:
    async with (
        MusicServer(token=config.token, oldest_client=99) as server,
        MusicAssistant(replace(config, url=server.url)) as music,
    ):
        await eventually(lambda: music.status.reason == "server_version")
        with pytest.raises(Unsupported):
            await music.set_volume("kitchen", 10)


async def test_a_newer_schema_is_served_too(config: MusicAssistantConfig) -> None:
    async with (
        MusicServer(token=config.token, schema=46) as server,
        MusicAssistant(replace(config, url=server.url)) as music,
    ):
        assert await music.wait_connected(15)
        await music.enqueue("kitchen", TRACK, QueueOption.REPLACE)
        assert len(await music.tracks(limit=3, offset=0)) == 3
        assert await music.search("satie", types=(MediaType.TRACK,), limit=1)
