"""A10: somebody puts back a copy of the house's card that they made earlier.

Offline it is believed until its lease ends: without a secure element nothing in the house can tell.
The cloud can: what it then sends takes the revoked guest out again, and the numbers never fall back.
"""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.store import audit, book, state
from edge_agent.store.audit import AuditStore
from protocol.envelope import Kind
from protocol.facts import Alarmed, Receipt
from protocol.house import AckResult
from protocol.ids import AttemptId
from tests.edge_agent.lockd_kit import signed
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import Bench, Lockd
from tests.faults.oracle import disagreements

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]


async def test_an_old_card_is_found_out_by_the_cloud_and_its_guest_stays_out(
    bench: Bench, tmp_path: Path, scale: Scale
) -> None:
    figure = Figure("A10 an old card put back", scale.seed)
    async with bench.lockd() as lockd:
        token = await lockd.settle_in()
    for number in scale.tries(1, 20):
        card = Path(shutil.copytree(bench.data, tmp_path / f"card {number}"))
        async with bench.lockd() as lockd:
            await lockd.trust_time()
            newest = (await lockd.client.state()).version or 0
            revoking = await lockd.give_book(newest + 1, revoked=(BOOKER,))
            assert revoking.result is AckResult.APPLIED
            figure.violations += await _opens(bench, lockd, token)
            known = await _told_to_the_cloud(bench, lockd)
        _put_back(card, bench.data)
        async with bench.lockd() as lockd:
            figure.took(lockd.up_after)
            await lockd.trust_time()
            assert (await lockd.client.state()).version == newest
            await lockd.client.take("receipt", signed(Kind.RECEIPT, known))
            assert (await lockd.client.state()).disputed
            again = await lockd.give_book(newest + 1, revoked=(BOOKER,))
            assert again.result is AckResult.APPLIED
            figure.violations += await _opens(bench, lockd, token)
            figure.violations += (await lockd.give_book(newest)).result is AckResult.APPLIED
        alarms = [each.body.name for each in bench.facts() if isinstance(each.body, Alarmed)]
        assert "receipt_head_differs" in alarms
        figure.tried += 1
        _put_back(card, bench.data)
    figure.publish(scale)
    assert figure.violations == 0
    assert disagreements(bench.facts(), await bench.openings()) == []


async def _opens(bench: Bench, lockd: Lockd, token: str) -> int:
    """How often the motor moves for somebody revoked."""
    before = len(await bench.openings())
    await lockd.client.move(token, FRONT, "open", AttemptId(uuid4()))
    return len(await bench.openings()) - before


async def _told_to_the_cloud(bench: Bench, lockd: Lockd) -> Receipt:
    """What a cloud that has heard everything says to this house."""
    last = bench.facts()[-1]
    copy = bench.folder / "copy"
    store = AuditStore(copy, HOUSE)
    try:
        head = store.hash_of(last.sequence)
    finally:
        store.close()
    assert head is not None
    receipt = Receipt(house=HOUSE, through=last.sequence, head=head)
    await lockd.client.take("receipt", signed(Kind.RECEIPT, receipt))
    return receipt


def _put_back(card: Path, data: Path) -> None:
    for file in (audit.FILE, book.FILE, state.FILE):
        for old in data.glob(f"{file}*"):
            old.unlink()
        for kept in card.glob(f"{file}*"):
            shutil.copy(kept, data)
