"""E15: somebody took over the agent, the music, or any other process beside lockd.

Real processes of other users try lockd's socket, its files and the process itself. The agent's own
user may ask what the gates answer, and gets nothing by it that a guest's link would not give.
"""

import asyncio
import base64
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.lock_socket import calls
from edge_agent.store import audit, book, identity, locks, state
from protocol.envelope import Kind, seal
from protocol.signing import Signer
from tests.edge_agent.lockd_kit import seed, snapshot_frame
from tests.edge_agent.policy_kit import FRONT, a_grant, a_snapshot
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import Bench, Lockd, a_bench

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

AGENT, STRANGER, SHARED_GROUP = 64101, 64102, 64100
FILES = [identity.FILE, locks.FILE, audit.FILE, book.FILE, state.FILE]
OPEN_NOW = json.dumps(
    {"token": "0" * 40, "lock": str(FRONT), "move": "open", "attempt": str(uuid4())}
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where other users may walk through, as on a Pi."""
    with tempfile.TemporaryDirectory(prefix="pi-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
async def bench(folder: Path) -> AsyncIterator[Bench]:
    async with a_bench(folder) as made:
        yield made


@contextmanager
def group_may_enter(bench: Bench) -> Iterator[None]:
    """The socket belongs to the group that agent and lockd share; so the file lets both users in."""
    os.chown(bench.folder / "lockd.sock", 0, SHARED_GROUP)
    yield


async def intrude(
    bench: Bench, lockd: Lockd, uid: int, *asked: tuple[str, str], in_group: bool
) -> dict[str, str]:
    orders = {
        "uid": uid,
        "gid": uid,
        "groups": [SHARED_GROUP] if in_group else [],
        "folder": str(bench.data),
        "files": FILES,
        "pid": lockd.process.pid,
        "socket": str(bench.folder / "lockd.sock"),
        "calls": asked,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.intruder"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(json.dumps(orders).encode())
    assert process.returncode == 0
    return dict(json.loads(said))


async def still_well(bench: Bench, lockd: Lockd, token: str) -> None:
    """Nothing moved, and lockd goes on."""
    assert await bench.openings() == []
    assert lockd.process.returncode is None
    assert (await lockd.client.state()).version == 1
    assert token


async def test_other_users_are_refused_everything(bench: Bench, scale: Scale) -> None:
    figure = Figure("E15 another user at lockd's socket, files and process", scale.seed)
    every = [(name, "{}") for name in _names()] + [("move", OPEN_NOW)]
    async with bench.lockd("env", f"PORTERO_LOCKD_AGENT_UIDS=[{AGENT}]") as lockd:
        token = await lockd.settle_in()
        with group_may_enter(bench):
            for in_group in (False, True):
                told = await intrude(bench, lockd, STRANGER, *every, in_group=in_group)
                figure.tried += len(told)
                let = {name: came for name, came in told.items() if not _is_refused(came)}
                assert let == {}
        await still_well(bench, lockd, token)
    figure.publish(scale)


async def test_the_agents_user_may_ask_and_gets_no_door_by_it(bench: Bench, scale: Scale) -> None:
    figure = Figure("E15 the agent's own user", scale.seed)
    crook = Signer.from_seed("cloud-1", seed("an agent gone bad"))
    frame = base64.b64encode(snapshot_frame(a_snapshot(a_grant(), version=9), crook)).decode()
    own = base64.b64encode(seal(Kind.COMMAND, b"{}", crook)).decode()
    asked = [
        ("state", "{}"),
        ("move", OPEN_NOW),
        ("take", json.dumps({"channel": "snapshot", "frame": frame})),
        ("command", json.dumps({"channel": "command", "frame": own})),
        ("sign_music_answer", json.dumps({"body": base64.b64encode(b'{"house": 1}').decode()})),
        ("sign", "{}"),
        ("unlock", "{}"),
        ("../house.json", "{}"),
    ]
    async with bench.lockd("env", f"PORTERO_LOCKD_AGENT_UIDS=[{AGENT}]") as lockd:
        token = await lockd.settle_in()
        with group_may_enter(bench):
            told = await intrude(bench, lockd, AGENT, *asked, in_group=True)
        await still_well(bench, lockd, token)
    answers = {name: came for name, came in told.items() if name.startswith("call ")}
    assert {name for name, came in told.items() if not _is_refused(came)} <= set(answers)
    assert answers["call state"].startswith("200")
    assert "not_signed_in" in answers["call move"]
    assert "bad_signature" in answers["call take"]
    assert "bad_signature" in answers["call command"]
    assert not answers["call sign_music_answer"].startswith("200")
    for unknown in ("sign", "unlock", "../house.json"):
        assert answers[f"call {unknown}"].startswith("404")
    figure.tried = len(told)
    figure.publish(scale)


async def test_control_an_open_file_and_a_listed_user_are_found(bench: Bench) -> None:
    """A house set up carelessly is found out by the same tries."""
    async with bench.lockd("env", f"PORTERO_LOCKD_AGENT_UIDS=[{STRANGER}]") as lockd:
        await lockd.settle_in()
        bench.data.chmod(0o755)
        (bench.data / audit.FILE).chmod(0o666)
        with group_may_enter(bench):
            told = await intrude(bench, lockd, STRANGER, ("state", "{}"), in_group=True)
    let = {name for name, came in told.items() if not _is_refused(came)}
    assert {f"read {audit.FILE}", f"write {audit.FILE}", "call state"} <= let


def _is_refused(came: str) -> bool:
    return came == "denied" or came.startswith("403")


def _names() -> list[str]:
    return [each.name for each in vars(calls).values() if isinstance(each, calls.Call)]
