"""A12: lockd has no descriptors left. It opens nothing unrecorded, and is itself again alone."""

import asyncio
import contextlib
from uuid import uuid4

import pytest

from edge_agent.errors import EdgeError
from edge_agent.lock_socket.client import LockdClient
from protocol.ids import AttemptId
from protocol.live import Outcome
from tests.edge_agent.policy_kit import FRONT
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK, Bench, until
from tests.faults.oracle import disagreements

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

DESCRIPTORS = 64
CROWD = 100
RECOVERED_SECONDS = 30.0
TIGHT = ("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")


async def test_without_descriptors_nothing_opens_unrecorded_and_it_recovers_alone(
    bench: Bench, scale: Scale
) -> None:
    figure = Figure("A12 no descriptors left", scale.seed)
    async with bench.lockd(*TIGHT) as lockd:
        token = await lockd.settle_in()
        for _ in scale.tries(1, 20):
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(CROWD):
                    with contextlib.suppress(OSError):
                        _, writer = await asyncio.open_unix_connection(bench.folder / "lockd.sock")
                        stack.callback(writer.close)
                with contextlib.suppress(EdgeError, TimeoutError):
                    async with asyncio.timeout(2):
                        await lockd.client.move(token, FRONT, "open", AttemptId(uuid4()))
            began = CLOCK.monotonic()
            async with LockdClient(bench.folder / "lockd.sock") as client:
                await until(client.state)
                figure.took(CLOCK.monotonic() - began)
                attempt = AttemptId(uuid4())
                await client.move(token, FRONT, "open", attempt)
                told = await client.attempt(token, attempt, wait_seconds=20)
            assert getattr(told, "outcome", None) is Outcome.OPENED, told
            figure.tried += 1
        assert lockd.process.returncode is None
        wrong = disagreements(bench.facts(), await bench.openings())
    figure.violations = len(wrong)
    figure.publish(scale)
    assert wrong == []
    assert figure.worst_ms is not None
    assert figure.worst_ms < RECOVERED_SECONDS * 1000
