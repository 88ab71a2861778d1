"""Does a device that is not the house's leave the line to the one that is, and ask again later?"""

from dataclasses import dataclass

from edge_agent.actions.own_life import DISPUTED
from edge_agent.doorkeeper import Taken
from edge_agent.link.client import Pace
from portero.local.broker import LocalBroker
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import Down, Up
from tests.edge_agent.courier_peer import courier_at
from tests.edge_agent.doorman import Doorman
from tests.edge_agent.link_kit import link_to, running, until


@dataclass
class Copy(Doorman):
    """lockd on a copied card: the cloud's word is that another is the house."""

    async def take(self, channel: str, frame: bytes) -> Taken:
        assert frame
        return Taken(reason=DISPUTED if channel == Down.CURRENT else None)


async def test_the_line_is_left_and_taken_again_after_the_long_pause(
    broker: LocalBroker, house: HouseId, cloud: Signer
) -> None:
    copy = Copy.of(house, cloud)
    pace = Pace(stood_down_seconds=1.0, first_retry_seconds=60.0, longest_retry_seconds=60.0)
    link = link_to(broker.port, house, copy, pace=pace)
    async with courier_at(broker.port, house, cloud) as courier, running(link):
        await courier.next_frame(Up.CURRENT)
        await courier.send_raw(Down.CURRENT, b"the verdict")
        await until(lambda: link.counters.lost == 1)
        await until(lambda: link.counters.connections == 2)
        assert courier.waiting(Up.FACTS) == 0
