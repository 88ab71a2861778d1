"""Does the simulated vendor keep the real one's rules, traps included?"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from edge_agent.simulator.gatt_server import serve_gatt
from edge_agent.simulator.ttlock import SimulatedLock
from edge_agent.simulator.ttlock.memory import read_movements
from edge_agent.simulator.ttlock.model import Identity
from edge_agent.simulator.ttlock_cloud.model import Status
from tests.edge_agent.drivers.ttlock_cloud.bench import ZONE, real_now
from tests.edge_agent.simulator.ttlock_cloud.conftest import Caller

UNLOCK, ADD, CHANGE, DELETE, GENERATE = (
    "/v3/lock/unlock",
    "/v3/keyboardPwd/add",
    "/v3/keyboardPwd/change",
    "/v3/keyboardPwd/delete",
    "/v3/keyboardPwd/get",
)
HOUR = 3_600_000
START = round(datetime(2026, 3, 10, 15, 20, tzinfo=ZONE).timestamp() * 1000)
PIN = {"keyboardPwd": "482915", "startDate": str(START), "endDate": str(START + 48 * HOUR)}


async def code(answer: object) -> int:
    assert isinstance(answer, dict)
    return int(str(answer.get("errcode", 0)))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 0),
        ({"date": str(START)}, 80000),
        ({"clientId": "somebody"}, 10001),
        ({"accessToken": "nonsense"}, 10003),
        ({"lockId": "1"}, -1003),
        ({"surprise": "1"}, -3),
    ],
)
async def test_every_call_is_checked(
    caller: Caller, changed: dict[str, str], expected: int
) -> None:
    assert await code(await caller.post(UNLOCK, **changed)) == expected
    moved = [each for each in caller.server.vendor.movements() if each.bolt == "unlocked"]
    assert len(moved) == (expected == 0)


async def test_only_forms_are_understood_and_lists_are_asked_for(caller: Caller) -> None:
    assert await code(await caller.as_json(UNLOCK)) == -3
    assert await code(await caller.get(UNLOCK)) == -3
    assert await code(await caller.post("/v3/lock/listKeyboardPwd", pageNo="1", pageSize="9")) == -3
    assert await code(await caller.get("/v3/lock/listKeyboardPwd", pageNo="1", pageSize="9")) == 0


@pytest.mark.parametrize(
    "changed", [{"password": "A" * 32}, {"username": "nobody"}, {"password": "owners password"}]
)
async def test_a_login_needs_the_digest(caller: Caller, changed: dict[str, str]) -> None:
    assert await code(await caller.log_in(**changed)) == 10007


async def test_tokens_end_and_are_refreshed_once(caller: Caller) -> None:
    first = await caller.log_in()
    caller.server.vendor.accounts.expire()
    assert await code(await caller.post(UNLOCK)) == 10004
    refresh = {"grant_type": "refresh_token", "refresh_token": str(first["refresh_token"])}
    assert await code(await caller.log_in(**refresh)) == 0
    assert await code(await caller.post(UNLOCK)) == 0
    assert await code(await caller.log_in(**refresh)) == 10011


async def test_a_minute_and_a_month_have_their_limits(caller: Caller) -> None:
    caller.conditions(minute_quota=2)
    answers = [await code(await caller.post("/v3/lock/detail")) for _ in range(3)]
    assert answers == [0, 0, 30006]
    caller.conditions(minute_quota=100, month_quota=2)
    assert await code(await caller.post("/v3/lock/detail")) == 30007


async def test_the_default_way_writes_the_list_and_not_the_lock(caller: Caller) -> None:
    assert await code(await caller.post(ADD, **PIN)) == 0
    listed = await caller.get("/v3/lock/listKeyboardPwd", pageNo="1", pageSize="9")
    assert listed["total"] == 1
    assert caller.server.vendor.lock_codes() == ()
    assert await code(await caller.post(ADD, **{**PIN, "keyboardPwd": "482916"}, addType="2")) == 0
    assert [each.digits for each in caller.server.vendor.lock_codes()] == ["482916"]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [("123", -3006), ("1234567890", -3006), ("12a4", -3006), ("123456", -2032), ("777777", -2032)],
)
async def test_digits_are_judged(caller: Caller, digits: str, expected: int) -> None:
    answer = await caller.post(ADD, **{**PIN, "keyboardPwd": digits}, addType="2")
    assert await code(answer) == expected


async def test_duplicates_and_a_full_table_are_refused(caller: Caller) -> None:
    await caller.post(ADD, **PIN, addType="2")
    assert await code(await caller.post(ADD, **PIN, addType="2")) == -3007
    caller.conditions(capacity=1)
    other = {**PIN, "keyboardPwd": "730518"}
    assert await code(await caller.post(ADD, **other, addType="2")) == -3009


async def test_one_date_alone_is_a_success_that_does_nothing(caller: Caller) -> None:
    made = await caller.post(ADD, **PIN, addType="2")
    ident = {"keyboardPwdId": str(made["keyboardPwdId"]), "changeType": "2"}
    before = caller.server.vendor.lock_codes()
    assert await code(await caller.post(CHANGE, **ident, endDate=str(START + 96 * HOUR))) == 0
    assert caller.server.vendor.lock_codes() == before
    both = {"startDate": str(START), "endDate": str(START + 96 * HOUR)}
    assert await code(await caller.post(CHANGE, **ident, **both)) == 0
    assert caller.server.vendor.lock_codes() != before


async def test_deleting_twice_is_a_success(caller: Caller) -> None:
    made = await caller.post(ADD, **PIN, addType="2")
    ident = {"keyboardPwdId": str(made["keyboardPwdId"]), "deleteType": "2"}
    assert [await code(await caller.post(DELETE, **ident)) for _ in range(2)] == [0, 0]
    assert caller.server.vendor.lock_codes() == ()
    assert await code(await caller.post(DELETE, keyboardPwdId="1", deleteType="2")) == -2009


async def test_slow_changes_show_where_they_are(caller: Caller) -> None:
    caller.conditions(settle_seconds=3600.0)
    await caller.post(ADD, **PIN, addType="4")
    listed = await caller.get("/v3/lock/listKeyboardPwd", pageNo="1", pageSize="9")
    assert f'"status": {Status.ADDING}' in json.dumps(listed)
    assert caller.server.vendor.lock_codes() == ()


async def test_a_generated_code_begins_on_the_hour_and_is_one_for_its_hours(caller: Caller) -> None:
    caller.conditions(gateway_online=False)
    wish = {"keyboardPwdType": "3", "startDate": str(START), "endDate": str(START + 30 * HOUR)}
    first, again = await caller.post(GENERATE, **wish), await caller.post(GENERATE, **wish)
    assert first == again
    digits, ident = str(first["keyboardPwd"]), str(first["keyboardPwdId"])
    vendor = caller.server.vendor
    begins = datetime(2026, 3, 10, 15)  # noqa: DTZ001 - a lock's local time
    vendor.set_lock_clock(begins + timedelta(hours=24, minutes=1))
    assert not vendor.press(digits), "never used in its first day"
    vendor.set_lock_clock(begins)
    assert vendor.press(digits)
    vendor.set_lock_clock(begins + timedelta(hours=29))
    assert vendor.press(digits), "used in time, good until its end"
    await caller.post(DELETE, keyboardPwdId=ident, deleteType="1")
    assert await code(await caller.post(GENERATE, **wish)) == -1026


async def test_an_unused_generated_code_cannot_be_changed(caller: Caller) -> None:
    wish = {"keyboardPwdType": "3", "startDate": str(START), "endDate": str(START + 30 * HOUR)}
    made = await caller.post(GENERATE, **wish)
    dates = {"startDate": str(START), "endDate": str(START + 40 * HOUR)}
    ident = str(made["keyboardPwdId"])
    assert await code(await caller.post(CHANGE, keyboardPwdId=ident, **dates)) == -3008


async def test_a_gateway_just_lost_still_looks_there(caller: Caller) -> None:
    caller.conditions(gateway_online=False)
    assert '"isOnline": 1' in json.dumps(await caller.get("/v3/gateway/listByLock"))
    assert await code(await caller.post(UNLOCK)) == -3002


async def test_records_are_told_to_whoever_listens_unsigned_and_in_clear(caller: Caller) -> None:
    heard: list[dict[str, str]] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(text="success")

    app = web.Application()
    app.router.add_post("/heard", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    caller.conditions(callback_url=f"http://127.0.0.1:{runner.addresses[0][1]}/heard")
    caller.server.vendor.press("930184")
    await caller.server.tell()
    await runner.cleanup()
    assert caller.server.journal.callbacks == ["success"]
    (record,) = json.loads(heard[0]["records"])
    assert (record["keyboardPwd"], record["success"], record["recordType"]) == ("930184", 0, 4)


async def test_it_is_the_same_lock_by_both_ways(caller: Caller, tmp_path: Path) -> None:
    identity = Identity(
        address="C0:FF:EE:00:00:01",
        name="Front door",
        aes_key=bytes(range(16)),
        unlock_key=1,
        admin_key=2,
    )
    beside = SimulatedLock(
        identity,
        tmp_path / "lock.db",
        now=real_now,
        started_local=datetime(2026, 1, 1),  # noqa: DTZ001 - a lock's local time
        draw_token=lambda: 1,
    )
    async with serve_gatt(tmp_path / "air", [beside]):
        await caller.post(ADD, **PIN, addType="2")
        assert [each.digits for each in beside.codes()] == [PIN["keyboardPwd"]]
        await caller.post(UNLOCK)
        assert beside.snapshot().bolt == "unlocked"
    beside.close()
    assert [each.bolt for each in read_movements(tmp_path / "lock.db")][:1] == ["unlocked"]
