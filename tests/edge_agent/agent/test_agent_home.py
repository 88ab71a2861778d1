"""Do heating and lights obey who has the right, from the LAN and from afar, lockd and server real?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pydantic import JsonValue, SecretStr

from edge_agent.settings import AgentSettings
from edge_agent.simulator.home.server import HomeServer
from edge_agent.store import locks
from edge_agent.store.locks import KeptLock
from protocol.access import Right, Verb
from protocol.devices import Player
from protocol.envelope import Kind
from protocol.facts import Fact, FactBatch, HomeActed
from protocol.home import HomeVerb, Thing, ThingKind, Things, ThingView, UseThing
from protocol.ids import RequestId, ThingId
from protocol.music import MusicAnswer, MusicRequest, MusicResult
from protocol.topics import Down, Up
from tests.edge_agent.agent.test_agent_and_lockd import carrying
from tests.edge_agent.courier_peer import CourierPeer, courier_at
from tests.edge_agent.drivers.home.home_bench import TOKEN, home_server
from tests.edge_agent.link_kit import until
from tests.edge_agent.lockd_kit import (
    CLOUD,
    FakeClock,
    Hardware,
    Lockd,
    a_key_document,
    running,
    settle,
    snapshot_frame,
)
from tests.edge_agent.policy_kit import (
    BOOKER,
    FRONT,
    HOUSE,
    LOUDSPEAKER,
    a_grant,
    a_snapshot,
    named,
)

SECRET = "5e" * 32
POOL = ThingId(named("pool"))
ROOM = ThingId(named("room climate"))
SOLD = ThingId(named("not for guests"))
THINGS = (
    Thing(thing=POOL, name="Pool", kind=ThingKind.POOL_HEATING, entity="switch.pool_heating"),
    Thing(
        thing=ROOM,
        name="Living room",
        kind=ThingKind.CLIMATE,
        entity="climate.living_room",
        lowest=18,
        highest=24,
    ),
    Thing(thing=SOLD, name="Battery", kind=ThingKind.SENSOR, entity="sensor.garden_gate_battery"),
)
RIGHTS = (str(Right(Verb.HOME_READ, POOL)), str(Right(Verb.HOME_USE, ROOM)))


@dataclass
class Story:
    """One house with a Home Assistant, its guest on the LAN, and the cloud's line."""

    lockd: Lockd
    courier: CourierPeer
    page: httpx.AsyncClient
    server: HomeServer

    async def settle_in(self, *rights: str) -> None:
        await self.lockd.take("keys", a_key_document())
        await self.lockd.gain_time()
        book = a_snapshot(a_grant(secret=SECRET, rights=rights), things=THINGS)
        await self.lockd.take("snapshot", snapshot_frame(book))
        assert (await self.page.post("/api/session", json={"secret": SECRET})).status_code == 201
        for _ in range(500):
            if not rights or any(each.state for each in await self.things()):
                return
        raise AssertionError("the server was never reached")

    async def things(self) -> tuple[ThingView, ...]:
        answer = await self.page.get("/api/things")
        assert answer.status_code == 200, answer.text
        return tuple(ThingView.model_validate(each) for each in answer.json()["things"])

    async def use(self, thing: ThingId, **wish: float) -> httpx.Response:
        return await self.page.post(f"/api/things/{thing}", json=wish)

    async def relay(self, ask: HomeVerb) -> MusicAnswer:
        request = MusicRequest(
            house=HOUSE,
            request=RequestId(uuid4()),
            grant=BOOKER,
            ask=ask,
            expires_at=self.lockd.clock.now + timedelta(seconds=10),
        )
        await self.courier.send(Down.MUSIC, Kind.MUSIC_REQUEST, request)
        key = self.lockd.me.signer.public_hex
        return await self.courier.next(Up.MUSIC, Kind.MUSIC_ANSWER, MusicAnswer, key, seconds=15)

    async def record(self, many: int) -> list[HomeActed]:
        """So many facts about things, as the cloud hears them."""
        found: dict[int, HomeActed] = {}
        key = self.lockd.me.signer.public_hex
        while len(found) < many:
            batch = await self.courier.next(Up.FACTS, Kind.FACTS, FactBatch, key, seconds=15)
            for fact in (Fact.from_bytes(each.encode()) for each in batch.facts):
                if isinstance(fact.body, HomeActed):
                    found[fact.sequence] = fact.body
        return [found[each] for each in sorted(found)]


@pytest.fixture
async def server() -> AsyncIterator[HomeServer]:
    async with home_server() as server:
        yield server


@asynccontextmanager
async def a_story(
    settings: AgentSettings, folder: Path, server: HomeServer
) -> AsyncIterator[Story]:
    async with (
        running(folder, FakeClock(), Hardware()) as lockd,
        courier_at(settings.mqtt_port, HOUSE, CLOUD) as courier,
        carrying(settings, lockd.client) as standing,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{standing.lan_port}", timeout=15) as page,
    ):
        yield Story(lockd, courier, page, server)


@pytest.fixture
def with_home(settings: AgentSettings, server: HomeServer) -> AgentSettings:
    change = {"home_url": server.url, "home_token": SecretStr(TOKEN)}
    return settings.model_copy(update=change)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settle(tmp_path / "lockd")
    return tmp_path / "lockd"


@pytest.fixture
async def story(with_home: AgentSettings, folder: Path, server: HomeServer) -> AsyncIterator[Story]:
    async with a_story(with_home, folder, server) as told:
        yield told


async def test_a_guest_sees_what_is_his_and_uses_what_he_may(story: Story) -> None:
    await story.settle_in(*RIGHTS)
    seen = {each.thing: each for each in await story.things()}
    assert {thing: each.may_use for thing, each in seen.items()} == {POOL: False, ROOM: True}
    assert (seen[POOL].state, seen[ROOM].measured, seen[ROOM].highest) == ("off", 21.5, 24)
    warmer = await story.use(ROOM, degrees=23.5)
    assert warmer.json()["things"][0]["target"] == 23.5
    entity = story.server.stage.world.entities["climate.living_room"]
    assert entity.attributes["temperature"] == 23.5
    assert (await story.use(ROOM, on=False)).status_code == 200
    assert entity.state == "off"
    assert [(each.on, each.degrees, each.allowed) for each in await story.record(2)] == [
        (None, 23.5, True),
        (False, None, True),
    ]


async def test_what_is_not_his_stays_as_it_is_and_is_on_record(story: Story) -> None:
    await story.settle_in(*RIGHTS)
    for thing in (POOL, SOLD, ThingId(uuid4())):
        refused = await story.use(thing, on=True)
        assert (refused.status_code, refused.json()["code"]) == (403, "no_such_right")
    assert story.server.stage.world.entities["switch.pool_heating"].state == "off"
    assert [each.allowed for each in await story.record(3)] == [False] * 3


async def test_the_hosts_bounds_hold_where_the_thing_would_go_further(story: Story) -> None:
    await story.settle_in(*RIGHTS)
    for degrees in (17.5, 24.5):
        refused = await story.use(ROOM, degrees=degrees)
        assert (refused.status_code, refused.json()["code"]) == (422, "temperature_out_of_range")
    assert story.server.received("climate.set_temperature") == []


async def test_nonsense_and_strangers_are_turned_away(story: Story) -> None:
    await story.settle_in(*RIGHTS)
    for body in ({}, {"on": True, "degrees": 20}, {"on": "yes"}, {"degrees": 999}):
        answer = await story.page.post(f"/api/things/{ROOM}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")
    story.page.cookies.clear()
    assert (await story.use(ROOM, on=True)).status_code == 401


async def test_after_check_out_nothing_is_seen_or_used(story: Story) -> None:
    await story.settle_in(*RIGHTS)
    gone = a_snapshot(things=THINGS, version=2, revoked=(BOOKER,))
    await story.lockd.take("snapshot", snapshot_frame(gone))
    assert (await story.page.get("/api/things")).status_code in {401, 403}
    assert (await story.use(ROOM, degrees=20)).status_code in {401, 403}


async def test_from_afar_the_same_rights_hold(story: Story) -> None:
    await story.settle_in(*RIGHTS)
    seen = await story.relay(Things())
    assert (seen.result, {each.thing for each in seen.things}) == (MusicResult.DONE, {POOL, ROOM})
    done = await story.relay(UseThing(thing=ROOM, degrees=20))
    assert (done.result, done.things[0].target) == (MusicResult.DONE, 20)
    refused = await story.relay(UseThing(thing=POOL, on=True))
    assert (refused.result, refused.reason) == (MusicResult.REFUSED, "no_such_right")
    beyond = await story.relay(UseThing(thing=ROOM, degrees=30))
    assert (beyond.result, beyond.reason) == (MusicResult.FAILED, "temperature_out_of_range")


async def test_a_house_without_home_assistant_lists_and_says_so(
    settings: AgentSettings, folder: Path, server: HomeServer
) -> None:
    async with a_story(settings, folder, server) as story:
        await story.settle_in()
        gone = a_snapshot(a_grant(secret=SECRET, rights=RIGHTS), things=THINGS, version=2)
        await story.lockd.take("snapshot", snapshot_frame(gone))
        assert [each.state for each in await story.things()] == [None, None]
        used = await story.use(ROOM, on=True)
        assert (used.status_code, used.json()["code"]) == (501, "no_home_here")
        afar = await story.relay(UseThing(thing=ROOM, on=True))
        assert afar.result is MusicResult.NO_HOME_HERE


async def test_speakers_of_home_assistant_play_for_the_stay(
    settings: AgentSettings, folder: Path, server: HomeServer
) -> None:
    change = {
        "music_driver": "home_assistant",
        "music_url": server.url,
        "music_token": SecretStr(TOKEN),
        "music_players": ("media_player.kitchen",),
    }
    async with a_story(settings.model_copy(update=change), folder, server) as story:
        await story.settle_in()
        kitchen = Player(player=LOUDSPEAKER, name="Kitchen", speaker="media_player.kitchen")
        book = a_snapshot(a_grant(secret=SECRET), version=2)
        book = book.model_copy(update={"players": (kitchen,)})
        await story.lockd.take("snapshot", snapshot_frame(book))
        seen: dict[str, JsonValue] = {"state": "not_connected"}
        while seen["state"] == "not_connected":
            (seen,) = (await story.page.get("/api/players")).json()["players"]
        assert (seen["state"], seen["volume"]) == ("idle", 30)
        wish = {"percent": 20}
        louder = await story.page.post(f"/api/players/{LOUDSPEAKER}/volume", json=wish)
        assert louder.status_code == 200
        entity = server.stage.world.entities["media_player.kitchen"]
        await until(lambda: entity.attributes["volume_level"] == 0.2)


async def test_a_server_that_moves_a_lock_is_never_given_the_agents_token(
    with_home: AgentSettings, folder: Path, server: HomeServer
) -> None:
    host = server.url.removeprefix("http://")
    moved_by = KeptLock(
        lock=FRONT,
        driver="home_assistant",
        address="lock.front_door",
        key=SecretStr(f'{{"url": "HTTP://{host}/", "token": "of-the-lock"}}'),
        zone="Europe/Madrid",
    )
    locks.save(folder, [moved_by])
    settings = with_home.model_copy(
        update={"music_driver": "home_assistant", "music_url": server.url}
    )
    async with a_story(settings, folder, server) as story:
        await story.settle_in()
        gone = a_snapshot(a_grant(secret=SECRET, rights=RIGHTS), things=THINGS, version=2)
        await story.lockd.take("snapshot", snapshot_frame(gone))
        assert (await story.use(ROOM, on=True)).status_code == 501
        marks = (await story.lockd.client.state()).lock_servers
    assert len(marks) == 1
    assert host not in str(marks)
    assert server.journal == []
