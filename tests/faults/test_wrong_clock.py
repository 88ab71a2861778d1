"""C1 on whole processes: lockd starts under a system clock of 1970, or ten years on."""

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.clock import SystemClock
from edge_agent.store.state import StateStore
from protocol.access import Refusal
from protocol.ids import AttemptId
from protocol.live import Outcome
from tests.edge_agent.policy_kit import FRONT
from tests.faults.lockd_bench import Bench

pytestmark = [pytest.mark.fault, pytest.mark.timeout(120)]

boot_seconds = SystemClock().boot_seconds
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def under(moment: str) -> tuple[str, ...]:
    """A process whose system clock starts there and runs on; other clocks stay true."""
    return (
        "env",
        f"LD_PRELOAD={FAKETIME}",
        f"FAKETIME=@{moment}",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
    )


def forget_the_boot(bench: Bench) -> None:
    """As after a power cut: what was saved, was saved in another boot, before this one began."""
    with closing(StateStore(bench.data, bench.me.mac_key)) as store:
        saved = json.loads(store.marks.get("clock") or "")
        began = datetime.fromisoformat(saved["earliest"]) - timedelta(seconds=boot_seconds())
        former = {**saved, "boot_id": "another", "earliest": began.isoformat()}
        store.marks.set("clock", json.dumps(former))


@pytest.mark.parametrize("moment", ["1970-01-02 00:00:00", "2036-07-01 12:00:00"])
async def test_a_wrong_clock_neither_opens_nor_shuts_anything(bench: Bench, moment: str) -> None:
    """Nothing opens on its word; the cloud's signed answer is believed all the same."""
    async with bench.lockd() as lockd:
        token = await lockd.settle_in()
    forget_the_boot(bench)
    async with bench.lockd(*under(moment)) as lockd:
        refused = await lockd.client.move(token, FRONT, "open", AttemptId(uuid4()))
        assert refused.refusal is Refusal.TIME_UNKNOWN
        await lockd.trust_time()
        attempt = AttemptId(uuid4())
        await lockd.client.move(token, FRONT, "open", attempt)
        told = await lockd.client.attempt(token, attempt, wait_seconds=20)
        assert getattr(told, "outcome", None) is Outcome.OPENED
    assert len(await bench.openings()) == 1
