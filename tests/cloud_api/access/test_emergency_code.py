"""Does a guest get in whose house is out of reach, with every warning, and nobody else?"""

import asyncio
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
import structlog

from cloud_api.access.emergency.endpoints import lock_vendor
from cloud_api.access.emergency.ttlock import LockVendor
from cloud_api.access.emergency.types import Region
from cloud_api.accounts.types import Role
from cloud_api.kit import logs
from cloud_api.kit.audit import Deed
from tests.builders import JsonDict, Tenant, client_of, found_tenant, join
from tests.cloud_api.access.stage import Visit, instant

PASSWORD, SECRET, VENDOR_LOCK = "canary of an owner", "canary of an application", 7001
ACCOUNT = {
    "region": "eu",
    "client_id": "an-application",
    "client_secret": SECRET,
    "username": "owner",
    "password_md5": hashlib.md5(PASSWORD.encode()).hexdigest(),  # noqa: S324 - the vendor's own rule
}
CONFIRM = "OFFLINE CODE"


class SimulatedVendor:
    """The vendor's process, its gateway dead: only what needs no house works."""

    def __init__(self, url: str, control: str) -> None:
        self.url = url
        self._control = httpx.Client(base_url=control, trust_env=False)
        self.set(gateway_online=False)

    def set(self, **conditions: object) -> None:
        self._control.put("/conditions", json={"gateway_online": False, **conditions})

    def fault(self, kind: str, path: str, errcode: int = 1) -> None:
        answer = self._control.post(
            "/faults", json={"kind": kind, "path": path, "errcode": errcode}
        )
        assert answer.status_code == 204, answer.text

    def calls(self, path: str) -> int:
        return int(self._control.get("/journal").json()["calls"].get(path, 0))

    def set_clock(self, moment: datetime) -> None:
        """The lock's own clock; it keeps the hotel's time."""
        local = moment.astimezone(ZoneInfo("America/Lima")).replace(tzinfo=None)
        assert self._control.put("/clock", json={"local": local.isoformat()}).status_code == 204

    def press(self, digits: str) -> bool:
        return bool(self._control.post("/press", json={"digits": digits}).json())

    def calm(self) -> None:
        self._control.delete("/faults")
        self.set()

    def close(self) -> None:
        self._control.close()


@pytest.fixture(scope="module")
def vendor_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedVendor]:
    folder = tmp_path_factory.mktemp("vendor")
    account = {
        "client_id": ACCOUNT["client_id"],
        "client_secret": SECRET,
        "username": ACCOUNT["username"],
        "password": PASSWORD,
        "lock_id": VENDOR_LOCK,
    }
    (folder / "account.json").write_text(json.dumps(account))
    command = [sys.executable, "-m", "edge_agent.simulator.ttlock_cloud", "--zone", "America/Lima"]
    files = ["--state", str(folder / "lock.db"), "--account-file", str(folder / "account.json")]
    with subprocess.Popen([*command, *files], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        vendor = SimulatedVendor(told["url"], told["control"])
        yield vendor
        vendor.close()
        process.terminate()


@pytest.fixture
def vendor(vendor_process: SimulatedVendor, visit: Visit) -> Iterator[SimulatedVendor]:
    bases = {Region.EU: vendor_process.url, Region.CN: vendor_process.url}
    visit.app.dependency_overrides[lock_vendor] = lambda: LockVendor(bases)
    yield vendor_process
    vendor_process.calm()


async def fitted(visit: Visit) -> Tenant:
    """The owner has stored the account and named the front door's lock."""
    owner = visit.hotel.tenant
    assert (await owner.put("/lock-vendor/account", ACCOUNT)).status_code == 204
    named = {"house_id": str(visit.hotel.house_id), "vendor_lock": VENDOR_LOCK}
    path = f"/lock-vendor/locks/{visit.hotel.front_door}"
    assert (await owner.put(path, named)).status_code == 204
    return owner


async def ask(
    visit: Visit, grant: JsonDict, *, who: Tenant | None = None, **changed: object
) -> httpx.Response:
    wish = {"lock_id": str(visit.hotel.front_door), "confirm": CONFIRM, **changed}
    tenant = who or visit.hotel.tenant
    return await tenant.post(f"/grants/{grant['id']}/emergency-code", wish)


def code_of(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.json()['code']}"


async def arriving(visit: Visit, room: int = 0, nights: int = 2) -> tuple[JsonDict, JsonDict]:
    """A booking whose guest comes today, and its grant."""
    booked = await visit.book([visit.desk.rooms[room]], 0, nights)
    return booked, await visit.grant(booked)


async def test_a_guest_of_a_house_out_of_reach_gets_in(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    await fitted(visit)
    _, grant = await arriving(visit)
    made = (await ask(visit, grant)).json()
    begins = instant(made["valid_from"])
    vendor.set_clock(begins - timedelta(minutes=1))
    assert not vendor.press(made["emergency_code"])
    vendor.set_clock(begins + timedelta(hours=23))
    assert vendor.press(made["emergency_code"])
    vendor.set_clock(instant(made["valid_until"]))
    assert not vendor.press(made["emergency_code"])


async def test_a_code_not_used_within_a_day_opens_nothing(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    await fitted(visit)
    _, grant = await arriving(visit, nights=3)
    made = (await ask(visit, grant)).json()
    assert instant(made["first_use_before"]) - instant(made["valid_from"]) == timedelta(hours=24)
    vendor.set_clock(instant(made["valid_from"]) + timedelta(hours=25))
    assert not vendor.press(made["emergency_code"])


async def test_it_comes_with_every_warning_and_the_same_each_time(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    await fitted(visit)
    booked, grant = await arriving(visit)
    first, again = await ask(visit, grant), await ask(visit, grant)
    assert first.status_code == 200, first.text
    made = first.json()
    assert again.json() == made
    assert made["can_be_revoked"] is False
    assert instant(made["valid_from"]) <= max(instant(grant["starts"]), visit.clock.utc_now())
    assert instant(made["valid_until"]) <= instant(grant["ends"])
    assert "cannot be taken back" in " ".join(made["words"]["en"])
    assert "No se puede anular" in " ".join(made["words"]["es"])
    assert vendor.calls("/v3/keyboardPwd/get") >= 1
    stay = await (await visit.guest_of(booked)).stay()
    (shown,) = stay["emergency_codes"]
    assert shown["emergency_code"] == made["emergency_code"]
    assert shown["words"] == made["words"][stay["language"]]


async def test_it_is_on_record_and_nowhere_in_clear(visit: Visit, vendor: SimulatedVendor) -> None:
    said = io.StringIO()
    logs.configure(level="DEBUG", stream=said)
    structlog.get_logger("test").info("listening")
    _, grant = await arriving(visit)
    await fitted(visit)
    digits = (await ask(visit, grant)).json()["emergency_code"]
    assert (await ask(visit, grant)).status_code == 200
    rows = await visit.desk.sql("SELECT action FROM audit_log ORDER BY id")
    assert [row.action for row in rows][-4:] == [
        Deed.VENDOR_ACCOUNT_KEPT,
        Deed.VENDOR_LOCK_NAMED,
        Deed.EMERGENCY_CODE_MADE,
        Deed.EMERGENCY_CODE_SHOWN,
    ]
    everything = await visit.everything() + said.getvalue()
    assert "listening" in said.getvalue()
    secrets = [digits, SECRET, PASSWORD, str(ACCOUNT["password_md5"])]
    assert [each for each in secrets if each in everything] == []


async def test_it_is_never_given_without_the_words(visit: Visit, vendor: SimulatedVendor) -> None:
    await fitted(visit)
    _, grant = await arriving(visit)
    before = vendor.calls("/v3/keyboardPwd/get")
    for words in ("", "yes", "offline code"):
        answer = await ask(visit, grant, confirm=words)
        assert code_of(answer) == "422 emergency_not_confirmed"
    assert vendor.calls("/v3/keyboardPwd/get") == before


async def test_reception_may_not_and_a_stranger_sees_nothing(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    await fitted(visit)
    _, grant = await arriving(visit)
    async with client_of(visit.app) as client, client_of(visit.app) as elsewhere:
        desk = await join(
            visit.database,
            client,
            organisation_id=visit.hotel.organisation_id,
            role=Role.RECEPTION,
        )
        stranger = await found_tenant(visit.database, elsewhere)
        assert (await ask(visit, grant, who=desk)).status_code == 403
        assert (await ask(visit, grant, who=stranger)).status_code == 404
        assert (await desk.put("/lock-vendor/account", ACCOUNT)).status_code == 403
        named = {"house_id": str(visit.hotel.house_id), "vendor_lock": 1}
        path = f"/lock-vendor/locks/{visit.hotel.front_door}"
        assert (await stranger.put(path, named)).status_code == 404
    assert vendor.calls("/nothing") == 0


async def test_a_far_arrival_a_reached_house_and_a_written_pin_are_no_emergency(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    await fitted(visit)
    far = await visit.grant(await visit.book([visit.desk.rooms[1]], 5, 7))
    answer = await ask(visit, far)
    assert (code_of(answer), answer.json()["reason"]) == ("409 not_an_emergency", "arrival_is_far")
    _, near = await arriving(visit)
    await visit.desk.sql(
        "UPDATE access_pins SET state = 'read_back' WHERE grant_id = :id", id=near["id"]
    )
    answer = await ask(visit, near)
    assert answer.json()["reason"] == "pin_is_in_the_lock"


async def test_a_revoked_grant_and_a_door_of_another_room_get_none(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    owner = await fitted(visit)
    _, grant = await arriving(visit)
    other_door = str(visit.hotel.room_locks[3])
    assert code_of(await ask(visit, grant, lock_id=other_door)) == "403 not_yours"
    assert (await ask(visit, grant, lock_id=str(uuid4()))).status_code == 403
    await owner.post(f"/grants/{grant['id']}/revocation")
    assert code_of(await ask(visit, grant)) == "409 grant_over"


async def test_without_account_or_name_the_host_is_told_what_to_do(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    _, grant = await arriving(visit)
    assert code_of(await ask(visit, grant)) == "409 no_vendor_account"
    assert (await visit.hotel.tenant.put("/lock-vendor/account", ACCOUNT)).status_code == 204
    assert code_of(await ask(visit, grant)) == "409 no_vendor_account"


async def test_two_guests_of_the_same_hours_never_share_a_code(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    await fitted(visit)
    _, first = await arriving(visit, 0)
    _, second = await arriving(visit, 1)
    async with asyncio.TaskGroup() as both:
        asked = [both.create_task(ask(visit, grant)) for grant in (first, second)]
    answers = sorted(each.result().status_code for each in asked)
    assert answers == [200, 409]


async def test_a_failing_vendor_is_told_and_asking_again_is_safe(
    visit: Visit, vendor: SimulatedVendor
) -> None:
    await fitted(visit)
    _, grant = await arriving(visit)
    for kind, errcode, told in (
        ("errcode", 10007, "502 lock_vendor_refused"),
        ("errcode", 30007, "502 lock_vendor_refused"),
        ("cut_before", 1, "503 lock_vendor_not_reached"),
        ("cut_after", 1, "503 lock_vendor_not_reached"),
        ("garbage", 1, "503 lock_vendor_not_reached"),
        ("status", 1, "503 lock_vendor_not_reached"),
    ):
        vendor.fault(kind, "/keyboardPwd/get", errcode)
        assert code_of(await ask(visit, grant)) == told, (kind, errcode)
    assert (await ask(visit, grant)).status_code == 200
