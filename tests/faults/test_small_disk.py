"""A7 and A11 on a real file system of one megabyte: what happens when it fills, and how it ends?"""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.lock_app import STOPPED_GRANTING
from protocol.access import Refusal
from protocol.envelope import Kind, open_envelope, read_body
from protocol.facts import Alarmed, Fact, FactBatch
from protocol.ids import AttemptId
from protocol.live import Outcome
from tests.edge_agent.policy_kit import FRONT
from tests.faults.breaking import mount, small_disk
from tests.faults.lockd_bench import Bench, Lockd, a_bench, until
from tests.faults.oracle import unaccounted

pytestmark = [pytest.mark.fault, pytest.mark.timeout(120)]

QUICK = ("env", "PORTERO_LOCKD_FREE_BYTES=131072", "PORTERO_LOCKD_UPKEEP_SECONDS=0.1")
KILOBYTES = 1024
RESERVE = 131072


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """The house's data lies on a disk of one megabyte."""
    with small_disk(tmp_path / "lockd", KILOBYTES):
        async with a_bench(tmp_path) as made:
            yield made


async def test_a_disk_that_fills_shuts_the_doors_and_opens_them_again(bench: Bench) -> None:
    """Refused while there is still room to say so; well again without a restart."""
    async with bench.lockd(*QUICK) as lockd:
        token = await lockd.settle_in()
        with ballast(bench, leave=RESERVE // 2):
            assert await tapped(lockd, token) is Refusal.STORAGE_UNTRUSTED
            await until(lambda: alarms(lockd), lambda told: "disk_full_no_opening" in told)
        assert await bench.openings() == []
        assert await tapped(lockd, token) is Outcome.OPENED
        assert lockd.process.returncode is None
    assert unaccounted(bench.facts(), await bench.openings()) == []


async def test_a_disk_without_one_free_block_ends_it_and_the_end_is_told_later(
    bench: Bench,
) -> None:
    async with bench.lockd(*QUICK) as lockd:
        token = await lockd.settle_in()
    with ballast(bench, leave=0):
        process = await bench.spawn(*QUICK)
        assert await process.wait() == STOPPED_GRANTING
    assert await bench.openings() == []
    async with bench.lockd(*QUICK) as lockd:
        await lockd.trust_time()
        assert await tapped(lockd, token) is Outcome.OPENED
        assert "stopped_granting_before" in await alarms(lockd)
    assert unaccounted(bench.facts(), await bench.openings()) == []


async def test_mounted_read_only_the_house_does_not_start(bench: Bench) -> None:
    async with bench.lockd(*QUICK) as lockd:
        token = await lockd.settle_in()
    mount("-o", "remount,ro", str(bench.data))
    process = await bench.spawn(*QUICK)
    assert await process.wait() == STOPPED_GRANTING
    mount("-o", "remount,rw", str(bench.data))
    async with bench.lockd(*QUICK) as lockd:
        await lockd.trust_time()
        assert await tapped(lockd, token) is Outcome.OPENED


async def tapped(lockd: Lockd, token: str) -> Outcome | Refusal | None:
    """What became of one tap."""
    attempt = AttemptId(uuid4())
    begun = await lockd.client.move(token, FRONT, "open", attempt)
    if begun.refusal is not None:
        return begun.refusal
    told = await lockd.client.attempt(token, attempt, wait_seconds=20)
    outcome: Outcome | None = getattr(told, "outcome", None)
    return outcome


async def alarms(lockd: Lockd) -> list[str]:
    """As the cloud would be told them."""
    await lockd.client.rewind_facts()
    told = list[str]()
    while (frame := await lockd.client.facts(limit=200)) is not None:
        opened = open_envelope(frame, Kind.FACTS, lambda _: lockd.me.signer.public_hex)
        bodies = [
            Fact.from_bytes(text.encode()).body for text in read_body(opened, FactBatch).facts
        ]
        told += [each.name for each in bodies if isinstance(each, Alarmed)]
    return told


@contextmanager
def ballast(bench: Bench, *, leave: int) -> Iterator[None]:
    """Something big on the same disk, gone when left; `leave` bytes stay free."""
    file = bench.data / "ballast"
    file.write_bytes(bytes(shutil.disk_usage(bench.data).free - leave))
    try:
        yield
    finally:
        file.unlink()
