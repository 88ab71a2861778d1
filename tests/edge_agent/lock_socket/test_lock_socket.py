"""Is the socket shut to strangers and to noise, and does an error arrive as what it is?"""

import asyncio
import contextlib
import io
import os
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from edge_agent.doorkeeper import Refused, Taken
from edge_agent.errors import (
    DeviceBusy,
    DeviceUnreachable,
    NotPermitted,
    OutcomeUnknown,
    StopGranting,
)
from edge_agent.lock_socket.client import LockdClient
from edge_agent.lock_socket.server import Gates, LockServer
from protocol.access import Refusal
from protocol.ids import AttemptId
from tests.edge_agent.lockd_kit import FakeClock, Hardware, Lockd, lockd_settings, running, settle
from tests.edge_agent.policy_kit import FRONT

_STRANGER = """
import os, socket, sys
os.setgid(65534), os.setuid(65534)
link = socket.socket(socket.AF_UNIX)
link.connect(sys.argv[1])
link.sendall(b"POST /state HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}")
while data := link.recv(65536):
    sys.stdout.buffer.write(data)
"""


@pytest.fixture
async def lockd(tmp_path: Path) -> AsyncIterator[Lockd]:
    settle(tmp_path / "data")
    async with running(tmp_path / "data", FakeClock(), Hardware()) as served:
        yield served


def gates_of(lockd: Lockd) -> Gates:
    """The same desks behind another socket."""
    client = lockd.client
    return Gates(cloud=client, guests=client, music=client, home=client, state=client)


@contextlib.asynccontextmanager
async def socket_for(
    lockd: Lockd, path: Path, uids: frozenset[int], fatal: list[StopGranting] | None = None
) -> AsyncIterator[LockdClient]:
    heard = [] if fatal is None else fatal
    server = LockServer(gates_of(lockd), allowed_uids=uids, on_fatal=heard.append)
    async with server.serving(path), LockdClient(path) as client:
        yield client


async def test_the_kernel_says_who_asks(lockd: Lockd, tmp_path: Path) -> None:
    path = tmp_path / "other.sock"
    async with socket_for(lockd, path, frozenset({os.getuid() + 1})) as client:
        with pytest.raises(NotPermitted, match="peer_refused"):
            await client.state()
        with pytest.raises(NotPermitted, match="peer_refused"):
            await client.sign_in("5e" * 32)
    async with socket_for(lockd, path, frozenset({os.getuid()})) as client:
        assert (await client.state()).clock == "time_unknown"


async def test_another_user_is_turned_away(lockd: Lockd) -> None:
    """Only root can become another user; for others the test above must do."""
    path = lockd.client._socket
    if os.getuid() == 0:
        _open_the_way(path)
        output = await _ask_as_nobody(path)
        assert output.startswith(b"HTTP/1.1 403")
        assert b"peer_refused" in output
    assert (await lockd.client.state()).clock == "time_unknown"


async def test_the_socket_is_for_owner_and_group(lockd: Lockd, tmp_path: Path) -> None:
    assert _mode(lockd.client._socket) == 0o660
    assert lockd_settings(tmp_path).allowed_uids == {os.getuid()}


async def test_noise_on_the_socket_is_refused_and_harmless(lockd: Lockd) -> None:
    connector = aiohttp.UnixConnector(path=str(lockd.client._socket))
    async with aiohttp.ClientSession("http://lockd", connector=connector) as http:
        for path, body, status in (
            ("/move", b"{}", 400),
            ("/move", b"\xff\xfe", 400),
            ("/take", b'{"channel":"snapshot","frame":"*"}', 400),
            ("/facts", b'{"limit":0}', 400),
            ("/sign_in", b'{"secret":"x","extra":1}', 400),
            ("/nothing", b"{}", 404),
            ("/state", b"[" * 100_000, 400),
            ("/take", b" " * 2_000_000, 413),
        ):
            async with http.post(path, data=io.BytesIO(body)) as response:
                assert response.status == status, (path, await response.text())
        async with http.get("/state") as response:
            assert response.status == 405
    assert (await lockd.client.state()).version is None


async def test_frames_of_any_bytes_cross_the_socket(lockd: Lockd) -> None:
    every = bytes(range(256)) * 1024
    taken = await lockd.client.take("snapshot", every)
    assert taken.flaw is not None
    assert taken.reply


async def test_a_lockd_that_is_away_can_be_asked_again(tmp_path: Path) -> None:
    async with LockdClient(tmp_path / "nobody.sock") as client:
        with pytest.raises(DeviceUnreachable):
            await client.state()
        with pytest.raises(DeviceUnreachable):
            await client.move("x", FRONT, "open", AttemptId(uuid4()))
    with pytest.raises(DeviceUnreachable):
        await client.state()


async def test_a_lockd_that_dies_in_the_middle_leaves_a_move_unknown(tmp_path: Path) -> None:
    path = tmp_path / "dying.sock"

    async def die(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.close()
        await asyncio.sleep(0)
        return web.Response()

    async with _server(path, die), LockdClient(path) as client:
        with pytest.raises(OutcomeUnknown):
            await client.move("x", FRONT, "open", AttemptId(uuid4()))
        with pytest.raises(DeviceUnreachable):
            await client.view("x")
        with pytest.raises(OutcomeUnknown):
            await client.take("command", b"x")
        with pytest.raises(DeviceUnreachable):
            await client.take("snapshot", b"x")


async def test_an_answer_that_makes_no_sense_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "odd.sock"

    async def odd(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=500, text="oops")

    async with _server(path, odd), LockdClient(path) as client:
        with pytest.raises(OutcomeUnknown, match="lockd_garbled"):
            await client.state()


class _Failing(LockdClient):
    """Desks that fail in the declared and in other ways."""

    async def sign_out(self, token: str) -> None:
        errors: dict[str, Exception] = {
            "busy": DeviceBusy("taken"),
            "storage": StopGranting("audit_broken"),
            "surprise": RuntimeError("secret inside"),
        }
        raise errors[token]


async def test_errors_arrive_as_what_they_are(tmp_path: Path) -> None:
    failing = _Failing(tmp_path / "unused.sock")
    gates = Gates(cloud=failing, guests=failing, music=failing, home=failing, state=failing)
    fatal: list[StopGranting] = []
    server = LockServer(gates, allowed_uids=frozenset({os.getuid()}), on_fatal=fatal.append)
    path = tmp_path / "failing.sock"
    async with server.serving(path), LockdClient(path) as client:
        with pytest.raises(DeviceBusy, match="taken"):
            await client.sign_out("busy")
        assert fatal == []
        with pytest.raises(StopGranting, match="audit_broken"):
            await client.sign_out("storage")
        assert [each.reason for each in fatal] == ["audit_broken"]
        with pytest.raises(OutcomeUnknown) as unknown:
            await client.sign_out("surprise")
        assert "secret" not in str(unknown.value)


async def test_answers_that_are_one_of_two_things_keep_their_kind(lockd: Lockd) -> None:
    assert await lockd.client.view("x") == Refused(refusal=Refusal.NOT_SIGNED_IN)
    assert await lockd.client.request_state("x") == Refused(refusal=Refusal.REQUEST_GONE)
    assert isinstance(await lockd.client.permit_relayed(b"x"), Taken)
    assert await lockd.client.sign_out("x") is None  # type: ignore[func-returns-value]


async def test_a_socket_left_by_a_dead_lockd_is_replaced(lockd: Lockd, tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    path.touch()
    async with socket_for(lockd, path, frozenset({os.getuid()})) as client:
        assert (await client.state()).clock == "time_unknown"
    assert not path.exists()


@contextlib.asynccontextmanager
async def _server(
    path: Path, handler: Callable[[web.Request], Awaitable[web.Response]]
) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/{call}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    yield
    await runner.cleanup()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _open_the_way(path: Path) -> None:
    """File permissions alone shall not be what keeps the stranger out."""
    path.chmod(0o666)
    for place in path.parents:
        if place.stat().st_uid == os.getuid() and place != Path(place.anchor):
            place.chmod(stat.S_IMODE(place.stat().st_mode) | 0o011)
        if place.name.startswith("pytest-of-"):
            break


async def _ask_as_nobody(path: Path) -> bytes:
    stranger = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _STRANGER, str(path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await stranger.communicate()
    return output
