"""Does the agent take settings from afar at once, in order, and give them back?"""

import asyncio

from edge_agent.actions.reconfigured import merged
from edge_agent.app import Standing, serve
from edge_agent.doorkeeper import Configuration
from edge_agent.settings import AgentSettings
from protocol.configuration import HouseSettings
from protocol.envelope import Kind
from protocol.house import CurrentQuery
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import Up
from tests.edge_agent.agent_kit import Household
from tests.edge_agent.courier_peer import courier_at
from tests.edge_agent.link_kit import until


def test_only_what_is_told_is_taken(settings: AgentSettings) -> None:
    told = HouseSettings(query_seconds=30, look_after_seconds=60)
    changed = merged(settings, Configuration(version=1, settings=told))
    assert changed == settings.model_copy(update={"query_seconds": 30.0})
    assert merged(settings, Configuration(version=2, settings=HouseSettings())) == settings


async def test_the_parts_start_anew_under_other_settings_and_go_on_under_the_same(
    settings: AgentSettings, household: Household, house: HouseId, cloud: Signer
) -> None:
    stands: list[Standing] = []
    async with (
        courier_at(settings.mqtt_port, house, cloud) as courier,
        asyncio.TaskGroup() as group,
    ):
        agent = group.create_task(serve(settings, household, ready=stands.append))
        await until(lambda: len(stands) == 1, seconds=10)
        household.configured = Configuration(version=2, settings=HouseSettings(query_seconds=30))
        await until(lambda: len(stands) == 2 and 2 in household.running, seconds=15)
        household.configured = Configuration(version=3, settings=HouseSettings())
        await until(lambda: len(stands) == 3 and 3 in household.running, seconds=15)
        household.configured = Configuration(
            version=4, settings=HouseSettings(look_after_seconds=60)
        )
        await until(lambda: 4 in household.running, seconds=10)
        assert len(stands) == 3
        key = household.signer.public_hex
        for _ in range(3):  # each start asked what is current, over a line of its own
            await courier.next(Up.CURRENT, Kind.CURRENT_QUERY, CurrentQuery, key)
        agent.cancel()
