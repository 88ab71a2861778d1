"""Does the house's own broker show how the house stands, and only what the host lets it know?"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import pytest
from pydantic import JsonValue

from edge_agent.doorkeeper import HouseNews, StayNews
from edge_agent.settings import AgentSettings
from portero.local.broker import LocalBroker
from protocol.access import Grant, PrivateWords, StayFacts, private_context
from protocol.home import HomeWord
from protocol.ids import GrantId
from protocol.sealing import seal_for
from tests.edge_agent.agent.test_agent_and_lockd import carrying
from tests.edge_agent.agent_kit import Household, Start
from tests.edge_agent.link_kit import until
from tests.edge_agent.lockd_kit import FakeClock, Hardware, Lockd, running, settle
from tests.edge_agent.policy_kit import BOOKER, ENDS, HOUSE, a_grant, named

FACTS = StayFacts(pool_heating=True, paid_in_full=False, level="gold", points=7)
STAY = StayNews(stay=GrantId(named("stay")), first_name="Ana")


@dataclass
class Board:
    """What Home Assistant hears on that broker."""

    client: aiomqtt.Client
    retained: dict[str, bytes] = field(default_factory=dict)
    events: list[dict[str, JsonValue]] = field(default_factory=list)
    configs: int = 0

    async def listen(self) -> None:
        async for message in self.client.messages:
            topic, payload = str(message.topic), bytes(message.payload)
            self.retained[topic.rsplit("/", 1)[-1]] = payload
            self.configs += topic.endswith("/config")
            if topic.endswith("/event"):
                self.events.append(json.loads(payload))

    @property
    def state(self) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = json.loads(self.retained.get("state", b"{}"))
        return found

    @property
    def parts(self) -> dict[str, dict[str, JsonValue]]:
        found: dict[str, dict[str, JsonValue]] = json.loads(self.retained["config"])["cmps"]
        return found

    async def shows(self, **wanted: JsonValue) -> None:
        await until(lambda: wanted.items() <= self.state.items())

    async def hears(self, condition: Callable[[], bool]) -> None:
        await until(condition)


@pytest.fixture
def telling(settings: AgentSettings, broker: LocalBroker) -> AgentSettings:
    change = {
        "home_mqtt_host": "127.0.0.1",
        "home_mqtt_port": broker.port,
        "home_mqtt_seconds": 0.05,
    }
    return settings.model_copy(update=change)


@pytest.fixture
async def board(broker: LocalBroker) -> AsyncIterator[Board]:
    async with (
        aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client,
        asyncio.TaskGroup() as group,
    ):
        await client.subscribe("homeassistant/device/#", qos=1)
        await client.subscribe("portero_home/#", qos=1)
        board = Board(client)
        listening = group.create_task(board.listen())
        yield board
        listening.cancel()


def with_words(grant: Grant, lockd: Lockd) -> Grant:
    words = PrivateWords(name="Ana García", facts=FACTS).to_bytes()
    context = private_context(HOUSE, grant.id)
    seed = b"\x09" * 32
    box = seal_for(lockd.me.sealing.public_hex, words, context=context, ephemeral_seed=seed)
    return grant.model_copy(update={"private": box})


@asynccontextmanager
async def a_house(telling: AgentSettings, tmp_path: Path, *tells: HomeWord) -> AsyncIterator[Lockd]:
    folder = tmp_path / "lockd"
    settle(folder)
    async with (
        running(folder, FakeClock(), Hardware(), tells_home=frozenset(tells)) as lockd,
        carrying(telling, lockd.client),
    ):
        yield lockd


async def test_a_stay_is_told_with_what_the_host_named(
    telling: AgentSettings, tmp_path: Path, board: Board
) -> None:
    async with a_house(telling, tmp_path, *HomeWord) as lockd:
        await lockd.settle_in(with_words(a_grant(), lockd))
        await board.shows(stay_active="ON", clock_trusted="ON", stay_until=ENDS.isoformat())
        await board.shows(first_name="Ana", pool_heating="ON", paid_in_full="OFF", level="gold")
        await board.hears(lambda: len(board.events) == 1)
    (event,) = board.events
    assert (event["event_type"], event["first_name"], event["points"]) == ("stay_started", "Ana", 7)
    assert "García" not in str(board.retained)


async def test_what_was_not_named_never_leaves_lockd(
    telling: AgentSettings, tmp_path: Path, board: Board
) -> None:
    async with a_house(telling, tmp_path) as lockd:
        await lockd.settle_in(with_words(a_grant(), lockd))
        await board.shows(stay_active="ON")
        news = await lockd.client.news()
        assert news.stays == (StayNews(stay=BOOKER),)
        await board.hears(lambda: board.events == [{"event_type": "stay_started"}])
    parts = board.parts
    assert parts["first_name"] == {"p": "sensor"}  # so an entity of former days disappears
    assert parts["stay_active"]["unique_id"] == f"portero_{HOUSE.hex}_stay_active"
    assert board.state["first_name"] is None


async def test_whoever_is_not_sure_of_the_time_tells_of_no_stay(
    telling: AgentSettings, tmp_path: Path, board: Board
) -> None:
    async with a_house(telling, tmp_path, *HomeWord):
        await board.shows(stay_active=None, clock_trusted="OFF")
    assert board.events == []


async def test_each_stay_is_told_once_and_its_end_too_over_a_restart(
    telling: AgentSettings, board: Board, household: Household, start: Start
) -> None:
    household.news_answer = HouseNews(is_certain=True, tells=(), stays=(STAY,))
    async with start(telling, household):
        await board.hears(lambda: len(board.events) == 1)
        await until((telling.data / "told_stays.json").exists)
    household.news_answer = HouseNews(is_certain=False, tells=())
    async with start(telling, household):
        await board.shows(stay_active=None)
        household.news_answer = HouseNews(is_certain=True, tells=())
        await board.hears(lambda: len(board.events) == 2)
    assert [each["event_type"] for each in board.events] == ["stay_started", "stay_ended"]
    assert board.events[1]["first_name"] == "Ana"


async def test_it_says_when_it_goes_and_tells_anew_when_home_assistant_comes_up(
    telling: AgentSettings, board: Board, household: Household, start: Start
) -> None:
    async with start(telling, household):
        await board.hears(lambda: board.retained.get("available") == b"online")
        await board.shows(stay_active=None)
        before = board.configs
        await board.client.publish("homeassistant/status", b"online", qos=1)
        await board.hears(lambda: board.configs > before)
        await board.client.publish("homeassistant/status", b"revoke everything", qos=1)
    await board.hears(lambda: board.retained.get("available") == b"offline")


async def test_what_was_told_can_be_taken_back(
    telling: AgentSettings, board: Board, household: Household, start: Start
) -> None:
    async with start(telling, household):
        await board.shows(stay_active=None)
    kept = [each for each in ("config", "state", "available") if board.retained[each]]
    assert kept == ["config", "state", "available"]
    async with start(telling.model_copy(update={"home_mqtt_withdraw": True}), household):
        await until(lambda: not any(board.retained[each] for each in kept))


async def test_a_broker_that_is_away_costs_nothing_else(
    telling: AgentSettings, household: Household, start: Start
) -> None:
    nowhere = telling.model_copy(update={"home_mqtt_port": 1})
    async with start(nowhere, household):
        await until(lambda: bool(household.queries))  # the cloud's line is up
