"""The simulated Home Assistant as its own process, with its knobs on loopback."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp

TOKEN = "planted-in-a-file"
DOOR = "lock.front_door"


async def test_it_serves_turns_its_knobs_and_stops_when_told(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "edge_agent.simulator.home", "--port=0", f"--token-file={secret}"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            said = json.loads(await process.stdout.readline())
            async with aiohttp.ClientSession() as http:
                await _turn_all(http, said["control"])
                assert await _state(http, said["url"]) == "jammed"
                await _turn(http, "PUT", f"{said['control']}/entities/{DOOR}", {"online": False})
                assert await _state(http, said["url"]) == "unavailable"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _turn_all(http: aiohttp.ClientSession, knobs: str) -> None:
    await _turn(http, "PUT", f"{knobs}/entities/{DOOR}", {"state": "jammed", "stuck": True})
    await _turn(http, "POST", f"{knobs}/faults", {"kind": "ignored", "command": "lock.unlock"})
    await _turn(http, "DELETE", f"{knobs}/faults", None)
    await _turn(http, "PUT", f"{knobs}/pace", {"motor": 0.1})
    await _turn(http, "POST", f"{knobs}/drop", None)
    await _turn(http, "POST", f"{knobs}/restart", {"down_seconds": 0.0})
    async with http.post(f"{knobs}/faults", json={"kind": "nonsense"}) as refused:
        assert refused.status == 400
    async with http.put(f"{knobs}/entities/lock.nowhere", json={}) as missing:
        assert missing.status == 404
    async with http.get(f"{knobs}/bolts") as bolts:
        assert (await bolts.json())[DOOR] == []


async def _turn(
    http: aiohttp.ClientSession, method: str, knob: str, body: dict[str, str | float] | None
) -> None:
    async with http.request(method, knob, json=body) as answer:
        assert answer.status == 204, await answer.text()


async def _state(http: aiohttp.ClientSession, url: str) -> str:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with http.get(f"{url}/api/states/{DOOR}", headers=bearer) as answer:
        return str((await answer.json())["state"])
