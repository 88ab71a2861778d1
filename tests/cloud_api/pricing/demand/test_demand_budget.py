"""Is the vendor ever asked more often than it allows?"""

import asyncio
from datetime import UTC, datetime, time, timedelta

from fastapi import FastAPI

from portero.simulators.kit import Fault, FaultKind
from tests.builders import JsonDict, client_of, found_tenant
from tests.cloud_api.pricing.demand.stage import KEY, PACE, Town

_TEN_MINUTES = timedelta(minutes=10)


async def _watch_more(town: Town, count: int) -> None:
    for number in range(count):
        body: JsonDict = {
            "city": f"Town {number}",
            "country": "GB",
            "property_ids": [str(town.hotel.property_id)],
        }
        await town.tenant.made("/demand/places", body)


def _to_midnight(town: Town) -> None:
    """The first moment of the next day, as the vendor counts days."""
    tomorrow = town.clock.utc_now().date() + timedelta(days=1)
    town.clock.advance(datetime.combine(tomorrow, time(), UTC) - town.clock.utc_now())


async def test_over_a_whole_day_the_budget_is_never_exceeded_under_many_places(
    town: Town, cloud_app: FastAPI
) -> None:
    town.vendor.daily = 60
    await _watch_more(town, 29)
    # Another organisation with the same key: the vendor counts both as one.
    neighbour = await found_tenant(town.database, client_of(cloud_app))
    there = await neighbour.made("/properties", {"name": "Next door", "region": "GB"})
    await neighbour.put("/demand/account", {"api_key": KEY})
    body = {"city": "Leeds", "country": "GB", "property_ids": [there["id"]]}
    await neighbour.made("/demand/places", body)
    _to_midnight(town)
    today, asked = town.clock.utc_now().date(), 0
    while town.clock.utc_now().date() == today:
        asked += await town.ask()
        town.clock.advance(_TEN_MINUTES)
    assert (town.vendor.sent_away, town.vendor.used[KEY, today]) == (0, asked)
    assert 31 < asked <= 60


async def test_many_workers_at_once_share_one_budget(town: Town) -> None:
    town.vendor.daily = 12
    await _watch_more(town, 20)
    await town.round()
    for _ in range(8):
        town.clock.advance(PACE)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(town.round(), name="worker")
    assert town.vendor.sent_away == 0
    assert town.vendor.used[KEY, town.clock.utc_now().date()] == 12
    account = await town.account()
    assert (account["used_today"], account["daily_limit"]) == (12, 12)


async def test_never_more_than_five_go_in_a_second(town: Town) -> None:
    await _watch_more(town, 9)
    assert await town.round() == 5
    town.clock.advance(timedelta(seconds=1))
    assert await town.round() == 0
    town.clock.advance(timedelta(seconds=1))
    assert await town.round() == 5
    assert town.vendor.sent_away == 0


async def test_a_new_day_has_a_new_budget(town: Town) -> None:
    town.vendor.daily = 3
    await town.round()
    await _watch_more(town, 5)
    town.clock.advance(PACE)
    assert await town.ask() == 2
    _to_midnight(town)
    assert await town.ask() == 3
    assert town.vendor.sent_away == 0


async def test_what_somebody_else_asked_with_the_key_counts_too(town: Town) -> None:
    town.vendor.used[KEY, town.clock.utc_now().date()] = 4_000
    await town.ask()
    assert (await town.account())["used_today"] == 4_001


async def test_after_too_many_in_a_day_nothing_is_asked_until_the_vendor_counts_anew(
    town: Town,
) -> None:
    town.vendor.used[KEY, town.clock.utc_now().date()] = 5_000
    assert await town.round() == 1
    assert town.vendor.sent_away == 1
    account = await town.account()
    assert account["last_trouble"] == "too_many"
    tomorrow = town.clock.utc_now().date() + timedelta(days=1)
    assert datetime.fromisoformat(account["closed_until"]) == datetime.combine(
        tomorrow, time(), UTC
    )
    town.clock.advance(PACE)
    assert await town.round() == 0
    _to_midnight(town)
    assert await town.round() == 1
    assert town.vendor.sent_away == 1


async def test_after_too_many_in_a_second_a_minute_is_waited(town: Town) -> None:
    body = {"fault": {"faultstring": "Spike arrest violation."}}
    town.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=429, body=body))
    assert await town.round() == 1
    town.clock.advance(timedelta(seconds=59))
    assert await town.round() == 0
    town.clock.advance(timedelta(seconds=1))
    assert await town.round() == 1
