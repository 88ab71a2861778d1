"""The simulated server as its own process, with its knobs on loopback."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

TOKEN = "planted-in-a-file"


class Process:
    """The running process and its two addresses."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, knobs: str) -> None:
        self.process = process
        self.url = url
        self.knobs = knobs


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Process]:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "edge_agent.simulator.music",
        "--port=0",
        f"--token-file={secret}",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            said = json.loads(await process.stdout.readline())
        yield Process(process, said["url"], said["control"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def authenticate(http: aiohttp.ClientSession, url: str) -> int | None:
    async with http.ws_connect(f"{url}/ws") as socket, asyncio.timeout(5):
        await socket.receive_json()
        await socket.send_json({"message_id": "1", "command": "auth", "args": {"token": TOKEN}})
        code: int | None = (await socket.receive_json()).get("error_code")
    return code


async def test_it_serves_turns_its_knobs_and_stops_when_told(running: Process) -> None:
    async with aiohttp.ClientSession() as http:
        assert await authenticate(http, running.url) is None
        async with http.post(f"{running.knobs}/restart", json={"tokens_to_reject": 1}) as answer:
            assert answer.status == 204
        assert await authenticate(http, running.url) == 23
        fault = {"kind": "error", "command": "auth", "error_code": 25, "times": 1}
        async with http.post(f"{running.knobs}/faults", json=fault) as answer:
            assert answer.status == 204
        assert await authenticate(http, running.url) == 25
        assert await authenticate(http, running.url) is None
        async with http.put(
            f"{running.knobs}/players/kitchen", json={"available": False}
        ) as answer:
            assert answer.status == 204
        async with http.get(f"{running.knobs}/players") as answer:
            gone = [p["player_id"] for p in await answer.json() if not p["available"]]
        assert gone == ["kitchen"]
        async with http.get(f"{running.knobs}/journal") as answer:
            text = await answer.text()
        assert [line["command"] for line in json.loads(text)] == ["auth"] * 4
        assert TOKEN not in text
    running.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await running.process.wait() == 0


async def test_knobs_that_do_not_exist_are_refused(running: Process) -> None:
    async with aiohttp.ClientSession() as http:
        for path, body in (
            ("faults", {"kind": "explode"}),
            ("faults", {"kind": "late", "surprise": 1}),
            ("restart", {"down_seconds": -1}),
        ):
            async with http.post(f"{running.knobs}/{path}", json=body) as answer:
                assert answer.status == 400
        async with http.put(f"{running.knobs}/players/attic", json={"available": True}) as answer:
            assert answer.status == 404
        async with http.put(f"{running.knobs}/pace", json={"volume_event": 0.1}) as answer:
            assert answer.status == 204
        async with http.post(f"{running.knobs}/drop") as answer:
            assert answer.status == 204
        async with http.delete(f"{running.knobs}/faults") as answer:
            assert answer.status == 204
