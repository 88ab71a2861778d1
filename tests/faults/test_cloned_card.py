"""A14: two devices from one card. The first one heard wins; the other is told, and says why."""

import shutil
from pathlib import Path

import pytest

from edge_agent.actions.cloud_desk import CloudDesk
from edge_agent.actions.live import LiveCommands
from edge_agent.actions.move_door import MoveDoor
from edge_agent.actions.state_desk import StateDesk
from protocol.envelope import Kind
from protocol.facts import Alarmed, Receipt, Started
from tests.edge_agent.lockd_kit import FakeClock, settle, signed
from tests.edge_agent.means_kit import Desk, beside, desk
from tests.edge_agent.policy_kit import HOUSE

pytestmark = [pytest.mark.fault, pytest.mark.timeout(60)]


def start(made: Desk, boot: str) -> None:
    made.means.record(Started(boot=boot, software="test"), Alarmed(name="n"))


def cloud_desk(made: Desk, folder: Path) -> CloudDesk:
    made.take_keys()
    doors = MoveDoor(made.means, {}, lambda _work, _name: None)
    live = LiveCommands(made.means, doors, frozenset())
    told = beside(made.means, made.state.marks, folder)
    return CloudDesk(made.means, live, software="test", beside=told)


async def test_the_second_device_of_one_card_knows_that_it_is_not_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    settle(one)
    with desk(one, FakeClock()) as made:
        start(made, "first life")
    shutil.copytree(one, other)
    with desk(one, FakeClock()) as winner, desk(other, FakeClock()) as loser:
        start(winner, "in the house")
        start(loser, "in somebody's pocket")
        head = winner.means.audit.head()
        receipt = signed(Kind.RECEIPT, Receipt(house=HOUSE, through=head.sequence, head=head.hash))
        for made, folder, is_disputed in ((winner, one, False), (loser, other, True)):
            cloud = cloud_desk(made, folder)
            assert (await cloud.take("receipt", receipt)).flaw is None
            assert (await StateDesk(made.means, cloud).state()).disputed is is_disputed
            alarms = [each.name for each in made.facts() if isinstance(each, Alarmed)]
            assert ("receipt_head_differs" in alarms) is is_disputed
        assert winner.means.audit.acknowledged() == head.sequence
        assert loser.means.audit.acknowledged() == 0
