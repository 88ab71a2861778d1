"""Does the bundle for whoever helps tell enough, and no secret and no person at all?"""

import asyncio
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from edge_agent.lock_app import serve
from edge_agent.settings import LockdSettings
from edge_agent.store import identity, locks
from edge_agent.store.locks import KeptLock
from portero.cli import app
from portero.local.ports import any_free
from protocol.facts import Alarmed, RequestDecided, Requested
from protocol.ids import RequestId
from tests.edge_agent.lockd_kit import ROOT, FakeClock, seed
from tests.edge_agent.means_kit import desk
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, NOON, named
from tests.edge_agent.store.test_state import PIN, a_session

CANARY = "canary-5d1c"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with a secret in every place that has one."""
    folder = tmp_path / "lockd"
    made = iter(range(100))
    identity.create(
        folder, HOUSE, ROOT.public_hex, random_bytes=lambda size: seed(f"own {next(made)}")[:size]
    )
    key = SecretStr(json.dumps({"aesKeyStr": CANARY}))
    kept = KeptLock(lock=FRONT, driver="memory", address=CANARY, key=key, zone="UTC")
    locks.save(folder, [kept])
    with desk(folder, FakeClock()) as at_work:
        at_work.state.sessions.put(a_session(CANARY), keep_newest=3)
        at_work.state.pins.put(PIN)
        at_work.state.marks.set("secret", CANARY)
        box = CANARY.encode().hex() * 8
        request = RequestId(named("request"))
        at_work.means.record(
            Alarmed(name="lock_unusable", detail="no_radio"),
            Requested(
                request=request,
                parent=BOOKER,
                rights=(),
                name_box=box,
                expires_at=NOON + timedelta(hours=1),
            ),
            RequestDecided(request=request, approved=True, by=BOOKER, delegation=CANARY),
        )
    monkeypatch.setenv("PORTERO_LOCKD_DATA", str(folder))
    monkeypatch.setenv("PORTERO_LOCKD_SOCKET", str(tmp_path / "lockd.sock"))
    monkeypatch.setenv("PORTERO_AGENT_DATA", str(tmp_path / "agent"))
    monkeypatch.setenv("PORTERO_AGENT_LAN_PORT", str(any_free()))
    for name in ("MQTT_PASSWORD", "MQTT_USERNAME", "MUSIC_TOKEN"):
        monkeypatch.setenv(f"PORTERO_AGENT_{name}", CANARY)
    monkeypatch.setenv("PORTERO_AGENT_MUSIC_URL", f"http://me:{CANARY}@host:8095")
    return folder


def bundle(to: Path) -> dict[str, str]:
    """What the command wrote, by name."""
    ran = CliRunner().invoke(app, ["diagnose", "--out", str(to)])
    assert ran.exit_code == 0, ran.output
    assert CANARY not in ran.output
    with zipfile.ZipFile(to) as files:
        return {name: files.read(name).decode() for name in files.namelist()}


def test_no_secret_is_in_it(house: Path, tmp_path: Path) -> None:
    whole = "\n".join(bundle(tmp_path / "told.zip").values())
    stored = json.loads((house / identity.FILE).read_text())
    secrets = [stored["signing_seed"], stored["sealing_seed"], CANARY, CANARY.encode().hex()]
    me = identity.load(house)
    secrets += [me.mac_key.hex(), str(BOOKER)]
    for each in secrets:
        assert each not in whole, each


def test_it_tells_what_helps(house: Path, tmp_path: Path) -> None:
    told = bundle(tmp_path / "told.zip")
    assert set(told) == {
        f"{name}.json"
        for name in ("versions", "settings", "lockd", "agent", "clock", "disk", "facts")
    }
    assert json.loads(told["versions.json"])["python"].startswith("3.")
    assert json.loads(told["settings.json"])["agent"]["music_token"] == "set"
    assert json.loads(told["settings.json"])["lockd"]["data"] == str(house)
    assert json.loads(told["disk.json"])["lockd"]["files"]["audit.sqlite"] > 0
    kinds = [each["kind"] for each in json.loads(told["facts.json"])]
    assert kinds == ["request_decided", "requested", "alarm"]
    assert json.loads(told["facts.json"])[-1]["detail"] == "no_radio"
    assert json.loads(told["lockd.json"]) is None
    assert json.loads(told["agent.json"]) is None


def test_a_garbled_record_is_told_as_such(house: Path, tmp_path: Path) -> None:
    (house / "audit.sqlite").write_bytes(b"garbage" * 2000)
    for beside in house.glob("audit.sqlite-*"):
        beside.unlink()
    [told] = json.loads(bundle(tmp_path / "told.zip")["facts.json"])
    assert list(told) == ["unreadable"]


@pytest.mark.parametrize("process", ["lockd", "agent"])
def test_who_does_not_answer_is_not_well(house: Path, process: str) -> None:
    assert house.is_dir()
    ran = CliRunner().invoke(app, ["health", process])
    assert ran.exit_code == 1


async def test_who_answers_is_well(house: Path) -> None:
    ready = asyncio.Event()
    locks.save(house, [])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve(LockdSettings(), ready=ready))
        async with asyncio.timeout(10):
            await ready.wait()
        ran = await asyncio.to_thread(CliRunner().invoke, app, ["health", "lockd"])
        assert (ran.exit_code, "clock time_unknown" in ran.output) == (0, True), ran.output
        task.cancel()


async def test_who_cannot_record_is_not_well(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = asyncio.Event()
    locks.save(house, [])
    monkeypatch.setenv("PORTERO_LOCKD_FREE_BYTES", str(1 << 60))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve(LockdSettings(), ready=ready))
        async with asyncio.timeout(10):
            await ready.wait()
        ran = await asyncio.to_thread(CliRunner().invoke, app, ["health", "lockd"])
        assert (ran.exit_code, "no room" in ran.output) == (1, True), ran.output
        task.cancel()
