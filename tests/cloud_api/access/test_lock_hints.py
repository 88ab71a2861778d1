"""Is a vendor's message a hint and nothing else: not believed, not kept, not repeated?"""

import io
import json
from uuid import uuid4

import httpx
import structlog

from cloud_api.kit import logs
from tests.builders import client_of, found_tenant
from tests.cloud_api.access.stage import Visit

VENDOR_LOCK, PIN = 7001, "93018472"


def message(*moments: int, lock: int = VENDOR_LOCK, kind: int = 4) -> dict[str, str]:
    records = [
        {
            "lockId": lock,
            "recordType": kind,
            "success": 1,
            "username": "",
            "keyboardPwd": PIN,
            "lockDate": moment,
            "serverDate": moment,
            "electricQuantity": 80,
        }
        for moment in moments
    ]
    return {"notifyType": "1", "lockId": str(lock), "records": json.dumps(records)}


async def address(visit: Visit) -> str:
    """The owner's own; the front door's lock is named at the vendor."""
    owner = visit.hotel.tenant
    named = {"house_id": str(visit.hotel.house_id), "vendor_lock": VENDOR_LOCK}
    path = f"/lock-vendor/locks/{visit.hotel.front_door}"
    assert (await owner.put(path, named)).status_code == 204
    return str((await owner.get("/lock-vendor/callback")).json()["path"])


async def send(visit: Visit, path: str, form: dict[str, str]) -> httpx.Response:
    async with client_of(visit.app) as vendor:
        return await vendor.post(path, data=form)


async def hints(visit: Visit) -> list[str]:
    rows = await visit.desk.sql(
        "SELECT payload FROM events_outbox WHERE name = 'access.lock_spoke' ORDER BY id"
    )
    return [row.payload["lock_id"] for row in rows]


async def test_news_is_one_hint_and_a_repeat_is_none(visit: Visit) -> None:
    path = await address(visit)
    for form in (message(1000, 2000), message(1000, 2000), message(2000), message(2000, 3000)):
        answer = await send(visit, path, form)
        assert (answer.status_code, answer.text) == (200, "success")
    front_door = str(visit.hotel.front_door)
    assert await hints(visit) == [front_door, front_door]
    assert (await send(visit, path, message(2000, kind=12))).text == "success"
    assert len(await hints(visit)) == 3


async def test_nothing_of_a_message_is_kept_or_written_down(visit: Visit) -> None:
    said = io.StringIO()
    logs.configure(level="DEBUG", stream=said)
    structlog.get_logger("test").info("listening")
    path = await address(visit)
    await send(visit, path, message(1000))
    answer = await send(visit, path, {"lockId": "x", "records": f'[{{"keyboardPwd": "{PIN}"}}]'})
    assert answer.text == "success", "or it would be sent for ever"
    assert (await send(visit, path, message(1000, lock=10**30))).status_code == 200
    await send(visit, path, {"lockId": str(VENDOR_LOCK), "records": "[" * 10_000})
    everything = said.getvalue() + await visit.everything()
    assert "listening" in everything
    assert "lock_vendor_told_nothing_readable" in everything
    assert PIN not in everything
    assert path.rpartition("/")[2] not in everything, "the address is a secret"


async def test_whoever_does_not_know_the_address_is_not_heard(visit: Visit) -> None:
    path = await address(visit)
    start, _, secret = path.rpartition("/")
    for wrong in (
        f"{start}/{'0' * len(secret)}",
        f"{start}/x",
        path.replace(start[-36:], str(uuid4())),
    ):
        answer = await send(visit, wrong, message(1000))
        assert (answer.status_code, answer.json()["code"]) == (404, "hook_not_found")
    assert await hints(visit) == []


async def test_another_owners_lock_is_not_touched(visit: Visit) -> None:
    await address(visit)
    async with client_of(visit.app) as client:
        other = await found_tenant(visit.database, client)
        path = str((await other.get("/lock-vendor/callback")).json()["path"])
    assert (await send(visit, path, message(1000))).text == "success"
    assert await hints(visit) == []
