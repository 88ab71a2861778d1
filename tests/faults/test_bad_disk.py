"""A7 and A8: the disk is full, or broken. Nothing opens that could not be recorded first.

strace answers the system calls of a running lockd with the error; the lock's own record says
whether the motor moved.
"""

from uuid import uuid4

import pytest

from edge_agent.errors import EdgeError
from edge_agent.lock_app import STOPPED_GRANTING
from edge_agent.store import audit, book, state
from protocol.facts import Alarmed
from protocol.ids import AttemptId
from protocol.live import Outcome
from tests.edge_agent.policy_kit import FRONT
from tests.faults.breaking import FLUSHES, WRITES, tampered
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import Bench, Lockd
from tests.faults.oracle import unaccounted

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

FAULTS = {
    "A7 disk full at the first write": (WRITES, "error=ENOSPC:when=1+"),
    "A7 disk full in the middle": (WRITES, "error=ENOSPC:when=3+"),
    "A8 flush fails, once": (FLUSHES, "error=EIO:when=1"),
    "A8 flush fails, from now on": (FLUSHES, "error=EIO:when=1+"),
    "A11 the disk turns read-only": (WRITES, "error=EROFS:when=1+"),
    "A8 write fails, once": (WRITES, "error=EIO:when=2"),
}


@pytest.mark.parametrize("name", list(FAULTS))
async def test_no_opening_without_a_durable_record(bench: Bench, scale: Scale, name: str) -> None:
    """The tap is refused, lockd ends with its own code, and is well again on a well disk."""
    figure = Figure(name, scale.seed)
    async with bench.lockd() as lockd:
        token = await lockd.settle_in()
    for _ in scale.tries(1, 20):
        before = len(await bench.openings())
        async with bench.lockd() as lockd:
            await _tap_on_a_bad_disk(bench, lockd, token, FAULTS[name])
        figure.tried += 1
        figure.violations += len(await bench.openings()) - before
    async with bench.lockd() as lockd:
        figure.took(lockd.up_after)
        attempt = AttemptId(uuid4())
        await lockd.client.move(token, FRONT, "open", attempt)
        told = await lockd.client.attempt(token, attempt, wait_seconds=20)
        assert getattr(told, "outcome", None) is Outcome.OPENED, told
    figure.publish(scale)
    assert figure.violations == 0
    alarms = [each.body.name for each in bench.facts() if isinstance(each.body, Alarmed)]
    assert alarms.count("stopped_granting_before") == figure.tried
    assert unaccounted(bench.facts(), await bench.openings()) == []


async def _tap_on_a_bad_disk(
    bench: Bench, lockd: Lockd, token: str, fault: tuple[str, str]
) -> None:
    files = [bench.data / each for each in (audit.FILE, book.FILE, state.FILE)]
    log = bench.folder / "strace.log"
    async with tampered(lockd.process.pid, *fault, files, log):
        with pytest.raises(EdgeError):
            await lockd.client.move(token, FRONT, "open", AttemptId(uuid4()))
        assert await lockd.ends_within(15) == STOPPED_GRANTING
