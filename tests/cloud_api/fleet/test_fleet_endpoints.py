"""Staff see their own houses' fleet, and nobody else's."""

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from cloud_api.accounts.types import Role
from cloud_api.courier.post import Received
from cloud_api.courier.uplink import Uplink
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.reactions import REACTIONS
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database
from cloud_api.kit.jobs import Tools
from cloud_api.kit.vault import Vault
from protocol.facts import Alarmed
from protocol.topics import Up, up
from tests.builders import JsonDict, SmallHotel, Tenant, build_small_hotel, found_tenant, join
from tests.cloud_api.fleet.house_on_the_wire import WireHouse


@pytest.fixture
async def hotel(http: httpx.AsyncClient, database: Database) -> SmallHotel:
    return await build_small_hotel(await found_tenant(database, http))


@pytest.fixture
async def stranger(http: httpx.AsyncClient, database: Database) -> Tenant:
    return await found_tenant(database, http)


async def described_hotel(hotel: SmallHotel, database: Database, vault: Vault) -> None:
    """What the worker does once the property was changed."""
    async with database.transaction() as session:
        await REACTIONS[0].react(
            session,
            {"house_id": str(hotel.house_id), "more": "than fleet reads"},
            Tools(SystemClock(), vault),
        )


async def test_a_houses_layout_is_copied_from_properties(
    hotel: SmallHotel, database: Database, vault: Vault
) -> None:
    await described_hotel(hotel, database, vault)
    said = (await hotel.tenant.get("/fleet/houses")).json()
    assert said["total"] == 1
    house: JsonDict = said["items"][0]
    assert (house["name"], house["lease_seconds"]) == ("Beach house", 72 * 3600)
    assert house["delivery"]["state"] == "not_enrolled"


async def test_a_claim_token_is_shown_once_and_makes_a_device(
    hotel: SmallHotel, database: Database, vault: Vault, keyring: Keyring, http: httpx.AsyncClient
) -> None:
    await described_hotel(hotel, database, vault)
    made = await hotel.tenant.made(f"/houses/{hotel.house_id}/claim-token", None)
    device = WireHouse(hotel.house_id)
    proof = device.seal_claim()
    body = {"token": made["token"], "proof": proof}
    said = await http.post("/api/v1/claims", json=body)
    assert said.status_code == 201, said.text
    assert said.json()["root_public_key"] == keyring.root_public()
    delivery = (await hotel.tenant.get(f"/houses/{hotel.house_id}/delivery")).json()
    assert (delivery["state"], delivery["building"]) == ("pending", True)


async def test_facts_and_bad_messages_are_listed(
    hotel: SmallHotel, database: Database, vault: Vault, keyring: Keyring, http: httpx.AsyncClient
) -> None:
    await described_hotel(hotel, database, vault)
    made = await hotel.tenant.made(f"/houses/{hotel.house_id}/claim-token", None)
    device = WireHouse(hotel.house_id)
    await http.post("/api/v1/claims", json={"token": made["token"], "proof": device.seal_claim()})
    uplink = Uplink(database, Desk(keyring.live(), SystemClock()))
    device.record(Alarmed(name="smoke", detail="kitchen"))
    await uplink.take(Received(up(device.id, Up.FACTS), device.batch(1, 1)))
    await uplink.take(Received(up(device.id, Up.FACTS), b"rubbish"))
    facts = (await hotel.tenant.get(f"/houses/{hotel.house_id}/facts")).json()
    assert [(each["kind"], each["body"]["name"]) for each in facts["items"]] == [("alarm", "smoke")]
    bad = (await hotel.tenant.get("/fleet/bad-messages")).json()
    assert [each["flaw"] for each in bad["items"]] == ["malformed"]


async def test_strangers_see_nothing(
    hotel: SmallHotel, stranger: Tenant, database: Database, vault: Vault
) -> None:
    await described_hotel(hotel, database, vault)
    assert (await stranger.get("/fleet/houses")).json()["total"] == 0
    for path in ("delivery", "facts"):
        said = await stranger.get(f"/houses/{hotel.house_id}/{path}")
        assert said.status_code == 404
    assert (await stranger.post(f"/houses/{hotel.house_id}/claim-token")).status_code == 404
    assert (await stranger.post(f"/houses/{hotel.house_id}/epochs")).status_code == 404


async def test_reception_may_look_and_not_enrol(
    hotel: SmallHotel, database: Database, vault: Vault, http: httpx.AsyncClient
) -> None:
    await described_hotel(hotel, database, vault)
    reception = await join(
        database, http, organisation_id=hotel.organisation_id, role=Role.RECEPTION
    )
    assert (await reception.get("/fleet/houses")).status_code == 200
    said = await reception.post(f"/houses/{hotel.house_id}/claim-token")
    assert said.status_code == 403


async def test_guessing_claims_is_slowed_down(http: httpx.AsyncClient, keyring: Keyring) -> None:
    body = {"token": f"claim.{uuid4()}.guess", "proof": "x"}
    codes = [(await http.post("/api/v1/claims", json=body)).status_code for _ in range(12)]
    assert codes[0] == 403
    assert codes[-1] == 429


async def test_health_tells_of_couriers_and_houses(http: httpx.AsyncClient) -> None:
    checks = (await http.get("/healthz")).json()["checks"]
    assert checks["courier"]["detail"] == "no courier is running"
    assert checks["houses"]["status"] == "healthy"


async def test_a_layout_told_twice_changes_nothing(
    hotel: SmallHotel, database: Database, vault: Vault
) -> None:
    for _ in range(2):
        await described_hotel(hotel, database, vault)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT config_version FROM fleet_houses")) == 0
