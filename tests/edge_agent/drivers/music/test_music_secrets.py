"""The token stays out of sight, and a house without music pays nothing for it."""

import logging
import subprocess
import sys
from dataclasses import replace

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant, MusicAssistantConfig
from edge_agent.simulator.music.server import MusicServer
from tests.edge_agent.drivers.music.waiting import eventually

HEAVY = "music_assistant_models"


def test_the_driver_is_imported_without_the_library() -> None:
    code = (
        "import sys, edge_agent.drivers.music_assistant;"
        f"sys.exit(any(m.startswith(('music_assistant_client', '{HEAVY}')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0  # noqa: S603 - our own interpreter


def test_the_token_is_in_no_repr(config: MusicAssistantConfig) -> None:
    assert config.token not in repr(config)
    assert config.token not in repr(MusicAssistant(config))


async def test_the_token_is_in_no_log_even_when_everything_is_logged(
    server: MusicServer,
    config: MusicAssistantConfig,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("music_assistant_client", "music_assistant_client.connection"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    wrong = "another-planted-token-0815"
    async with MusicAssistant(config) as music, MusicAssistant(replace(config, token=wrong)) as bad:
        assert await music.wait_connected(15)
        await eventually(lambda: bad.status.reason == "token_refused")
        server.drop_links()
        await eventually(lambda: music.status.links == 2)
    printed = capsys.readouterr()
    for text in (caplog.text, printed.out, printed.err, repr(server.journal)):
        assert config.token not in text
        assert wrong not in text


def test_a_missing_library_is_said_and_players_still_answer() -> None:
    code = """
import asyncio, sys
sys.modules["music_assistant_client"] = None
from edge_agent.drivers.music_assistant import MusicAssistant, MusicAssistantConfig
from edge_agent.errors import Unsupported
async def main():
    async with MusicAssistant(MusicAssistantConfig("http://127.0.0.1:9", "t")) as music:
        for _ in range(500):
            if music.status.reason == "music_library_missing":
                break
            await asyncio.sleep(0.01)
        assert await music.players() == ()
        try:
            await music.set_volume("kitchen", 10)
        except Unsupported as error:
            assert error.reason == "music_library_missing"
            return
        raise AssertionError
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0  # noqa: S603 - our own interpreter
