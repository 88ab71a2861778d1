"""Does the whole agent carry, answer, keep going without a cloud, and leave in order?"""

import asyncio
from uuid import uuid4

import aiomqtt
import httpx
import pytest

from edge_agent.app import Standing, broker_address
from edge_agent.settings import AgentSettings
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from protocol.envelope import Kind
from protocol.house import HouseStatus, SnapshotAck
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import Down, Up
from tests.edge_agent.agent_kit import Household, Start
from tests.edge_agent.courier_peer import courier_at
from tests.edge_agent.doorman import a_snapshot
from tests.edge_agent.guests import BOOKER_SECRET, a_tap
from tests.edge_agent.link_kit import until


def browser(standing: Standing) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{standing.lan_port}", timeout=10)


async def test_a_snapshot_is_acknowledged_and_the_page_is_served_beside(
    settings: AgentSettings, household: Household, start: Start, house: HouseId, cloud: Signer
) -> None:
    async with (
        courier_at(settings.mqtt_port, house, cloud) as courier,
        start(settings, household) as standing,
        browser(standing) as page,
    ):
        await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
        key = household.signer.public_hex
        ack = await courier.next(Up.ACK, Kind.SNAPSHOT_ACK, SnapshotAck, key)
        assert ack.position == household.position
        assert (await page.get("/")).text.startswith("<!doctype html>")


async def test_without_any_broker_a_guest_still_opens_the_door(
    settings: AgentSettings, household: Household, start: Start
) -> None:
    alone = settings.model_copy(update={"mqtt_port": any_free()})
    async with start(alone, household) as standing, browser(standing) as page:
        await page.post("/api/session", json={"secret": BOOKER_SECRET})
        attempt = str(uuid4())
        await page.post(f"/api/doors/{household.front}/moves", json=a_tap(attempt))
        ended = await page.get(f"/api/attempts/{attempt}", params={"wait": "5"})
    assert ended.json()["outcome"] == "opened"


async def test_health_names_the_part_that_is_missing(  # noqa: PLR0917 - fixtures
    settings: AgentSettings,
    household: Household,
    start: Start,
    broker: LocalBroker,
    house: HouseId,
    cloud: Signer,
) -> None:
    async with start(settings, household) as standing, browser(standing) as page:
        assert (await page.get("/healthz")).status_code == 503  # no book yet
        async with courier_at(settings.mqtt_port, house, cloud) as courier:
            await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
            await until(lambda: household.position is not None)
        well = await page.get("/healthz")
        assert (well.status_code, well.json()["status"]) == (200, "healthy")
        broker.stop()
        await asyncio.sleep(0.3)
        offline = (await page.get("/healthz")).json()
        assert (offline["status"], offline["link"]["online"]) == ("degraded", False)
        household.away = True
        gone = await page.get("/healthz")
        assert (gone.status_code, gone.json()["status"]) == (503, "unhealthy")
        assert gone.json()["lockd"] == {
            "reachable": False,
            "clock": None,
            "epoch": None,
            "version": None,
            "facts_waiting": 0,
            "flaws": {},
            "recording": True,
            "disputed": False,
        }


async def test_it_waits_for_a_lockd_that_starts_later(
    settings: AgentSettings, household: Household, start: Start
) -> None:
    household.away = True
    asyncio.get_running_loop().call_later(0.5, setattr, household, "away", False)
    async with start(settings, household) as standing:
        assert standing.house == household.house


async def test_stopping_frees_the_port_and_says_goodbye(
    settings: AgentSettings, household: Household, start: Start, house: HouseId, cloud: Signer
) -> None:
    key = household.signer.public_hex
    async with courier_at(settings.mqtt_port, house, cloud) as courier:
        async with start(settings, household) as standing:
            online = await courier.next(Up.STATUS, Kind.STATUS, HouseStatus, key)
        offline = await courier.next(Up.STATUS, Kind.STATUS, HouseStatus, key)
    assert (online.online, offline.online) == (True, False)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", standing.lan_port)


async def test_a_browser_that_holds_on_does_not_hold_up_the_end(
    settings: AgentSettings, household: Household, start: Start
) -> None:
    household.motor_seconds = 60
    async with start(settings, household) as standing, browser(standing) as page:
        await page.post("/api/session", json={"secret": BOOKER_SECRET})
        attempt = str(uuid4())
        await page.post(f"/api/doors/{household.front}/moves", json=a_tap(attempt))
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(_wait_long(page, attempt))
            await asyncio.sleep(0.2)
            began = asyncio.get_running_loop().time()
            waiting.cancel()
    assert asyncio.get_running_loop().time() - began < 10


async def test_a_taken_lan_port_is_an_error_at_the_start(
    settings: AgentSettings, household: Household, start: Start
) -> None:
    async with start(settings, household) as standing:
        second = settings.model_copy(update={"lan_port": standing.lan_port})
        with pytest.raises(ExceptionGroup) as caught:
            async with start(second, household):
                raise AssertionError("it started twice")
    assert caught.group_contains(OSError)


def test_half_of_the_tls_files_is_refused(settings: AgentSettings) -> None:
    half = settings.model_copy(update={"mqtt_authority": settings.data / "ca.pem"})
    with pytest.raises(ValueError, match="all three or none"):
        broker_address(half, HouseId(uuid4()))


def test_no_secret_shows_in_settings(settings: AgentSettings) -> None:
    told = AgentSettings.model_validate(
        settings.model_dump() | {"mqtt_password": "canary-1", "music_token": "canary-2"}
    )
    assert "canary" not in repr(told)


async def _wait_long(page: httpx.AsyncClient, attempt: str) -> None:
    try:
        await page.get(f"/api/attempts/{attempt}", params={"wait": "25"})
    except (httpx.HTTPError, aiomqtt.MqttError):
        return
