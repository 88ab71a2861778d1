"""What does lockd do when its own disk cannot be trusted? Open nothing, mend what it can, or stop."""

import asyncio
import contextlib
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.doorkeeper import Attempt
from edge_agent.errors import EdgeError, StopGranting
from edge_agent.lock_app import STOPPED_GRANTING
from edge_agent.lock_socket.client import LockdClient
from edge_agent.store import audit, book, identity, state
from edge_agent.store.audit import AuditStore
from protocol.access import Refusal
from protocol.envelope import Kind, open_envelope, read_body
from protocol.facts import Alarmed
from protocol.house import AckResult, Snapshot, SnapshotAck
from protocol.live import Outcome
from tests.edge_agent.lockd_kit import (
    Lockd,
    a_key_document,
    running,
    settle,
    snapshot_frame,
)
from tests.edge_agent.policy_kit import HOUSE, a_grant, a_snapshot, at

SECRET = "5e" * 32
FILE_LIMIT = 600_000


async def stopped(lockd: Lockd) -> None:
    lockd.task.cancel()
    await asyncio.wait({lockd.task})


def again(lockd: Lockd) -> contextlib.AbstractAsyncContextManager[Lockd]:
    return running(lockd.client._socket.parent, lockd.clock, lockd.hardware)


async def alarms(lockd: Lockd) -> list[str]:
    return [each.body.name for each in await lockd.facts() if isinstance(each.body, Alarmed)]


@pytest.mark.parametrize("file", [book.FILE, state.FILE])
async def test_a_damaged_file_is_set_aside_and_told(lockd: Lockd, folder: Path, file: str) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    await stopped(lockd)
    (folder / file).write_bytes(b"\x00" * 8192 + b"garbage" * 1000)
    async with again(lockd) as mended:
        assert await alarms(mended) == ["store_set_aside"]
        ack = await mended.settle_in(a_grant(secret=SECRET))
        assert ack.result in {AckResult.APPLIED, AckResult.ALREADY_APPLIED}
        opened = await mended.open_door(await mended.sign_in(SECRET), uuid4())
        assert isinstance(opened, Attempt)
        assert opened.outcome is Outcome.OPENED


async def test_with_its_book_gone_the_house_opens_nothing(lockd: Lockd, folder: Path) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    await stopped(lockd)
    _remove(folder, book.FILE)
    async with again(lockd) as bare:
        refused = await bare.open_door(token, uuid4())
        assert isinstance(refused, Attempt)
        assert refused.outcome is Outcome.REFUSED
        assert refused.refusal is Refusal.NO_BOOK
    assert lockd.hardware.front.opened == 0


@pytest.mark.parametrize("harm", ["damaged", "missing"])
async def test_without_its_record_the_house_does_not_start(
    lockd: Lockd, folder: Path, harm: str
) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    await stopped(lockd)
    _remove(folder, audit.FILE)
    if harm == "damaged":
        (folder / audit.FILE).write_bytes(b"garbage" * 3000)
    with pytest.raises(ExceptionGroup) as refused:
        async with again(lockd):
            raise AssertionError("it started")
    reasons = _reasons(refused.value)
    assert reasons == ["audit_missing" if harm == "missing" else "audit_unusable"]


@pytest.mark.parametrize(
    "change",
    [
        (b"snapshot_applied", b"snapshot_appl1ed"),
        (b'"epoch":1,"version":1', b'"epoch":1,"version":9'),
    ],
)
async def test_a_record_altered_behind_our_back_is_told(
    lockd: Lockd, folder: Path, change: tuple[bytes, bytes]
) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    await stopped(lockd)
    whole = (folder / audit.FILE).read_bytes()
    assert whole.count(b"snapshot_applied") == 1
    (folder / audit.FILE).write_bytes(whole.replace(*change))
    async with again(lockd) as suspicious:
        assert _alarm_names(folder).count("audit_chain_broken") == 1
        assert (await suspicious.client.state()).version == 1


async def test_only_one_lockd_serves_a_house(lockd: Lockd) -> None:
    with pytest.raises(ExceptionGroup) as refused:
        async with again(lockd):
            raise AssertionError("a second one started")
    assert _reasons(refused.value) == ["another_lockd_runs"]
    assert (await lockd.client.state()).house == HOUSE


async def test_a_started_house_goes_on_from_unrecorded_books(lockd: Lockd, folder: Path) -> None:
    """Cut off between storing a book and recording it: recorded at the next start."""
    await lockd.settle_in(a_grant(secret=SECRET))
    await stopped(lockd)
    store = book.BookStore(folder)
    kept = store.snapshot()
    assert kept is not None
    store.close()
    _remove(folder, audit.FILE)
    fresh = AuditStore(folder, HOUSE)
    fresh.append(Alarmed(name="somebody was here"), time=at(lockd.clock.now))
    fresh.close()
    async with again(lockd) as mended:
        assert (await mended.fact_kinds())[:3] == ["alarm", "started", "snapshot_applied"]


@contextlib.asynccontextmanager
async def process(folder: Path, *, limited: bool) -> AsyncIterator[asyncio.subprocess.Process]:
    """Lockd as a process, perhaps with a disk on which files cannot grow."""
    environment = {
        "PATH": os.defpath,
        "PORTERO_LOCKD_DATA": str(folder),
        "PORTERO_LOCKD_SOCKET": str(folder / "lockd.sock"),
    }
    run = "import sys, resource; {limit}from edge_agent.lock_app import main; sys.exit(main())"
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({FILE_LIMIT}, {FILE_LIMIT})); "
    code = run.format(limit=limit if limited else "")
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def ready(client: LockdClient) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(EdgeError):
                await client.state()
                return
            await asyncio.sleep(0.05)


async def test_a_full_disk_ends_the_process_and_a_restart_verifies_anew(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    folder = tmp_path / "data"
    settle(folder)
    taken = 0
    async with process(folder, limited=True) as first, LockdClient(folder / "lockd.sock") as client:
        await ready(client)
        await client.take("keys", a_key_document())
        with contextlib.suppress(StopGranting, EdgeError):
            for version in range(1, 2000):
                answer = await client.take("snapshot", snapshot_frame(_a_long_book(version)))
                assert answer.reply is not None
                taken = version
        async with asyncio.timeout(10):
            assert await first.wait() == STOPPED_GRANTING
    assert taken > 1
    me = identity.load(folder)
    async with process(folder, limited=False), LockdClient(folder / "lockd.sock") as client:
        await ready(client)
        held = await client.state()
        assert held.version in {taken, taken + 1}
        answer = await client.take("snapshot", snapshot_frame(_a_long_book(taken + 2)))
        assert answer.reply is not None
        ack = _ack(answer.reply, me.signer.public_hex)
        assert ack.result is AckResult.APPLIED
    store = AuditStore(folder, HOUSE)
    assert store.first_break() is None
    store.close()


def _a_long_book(version: int) -> Snapshot:
    return a_snapshot(*(a_grant() for _ in range(60)), version=version)


def _ack(frame: bytes, public: str) -> SnapshotAck:
    return read_body(open_envelope(frame, Kind.SNAPSHOT_ACK, lambda _: public), SnapshotAck)


def _alarm_names(folder: Path) -> list[str]:
    store = AuditStore(folder, HOUSE)
    texts = store.after(0, limit=1000, max_bytes=10_000_000)
    store.close()
    return [json.loads(each)["body"].get("name", "") for each in texts]


def _remove(folder: Path, name: str) -> None:
    for each in folder.glob(f"{name}*"):
        each.unlink()


def _reasons(group: BaseExceptionGroup[BaseException]) -> list[str]:
    found: list[str] = []
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            found += _reasons(each)
        elif isinstance(each, StopGranting):
            found.append(each.reason)
    return found
