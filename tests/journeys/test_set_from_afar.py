"""A host far away sets his house: it tries, tells, and finds back when it hears nothing."""

from datetime import timedelta

import pytest

from tests.builders import JsonDict
from tests.journeys.stage import until
from tests.journeys.town import NewTown, Town

pytestmark = pytest.mark.journey


async def configured(town: Town, **settings: object) -> JsonDict:
    path = f"/api/v1/houses/{town.place.house}/configuration"
    answer = await town.host.http.put(path, json=settings, headers=town.host.headers)
    assert answer.status_code == 200, answer.text
    made: JsonDict = answer.json()
    return made


async def becomes(town: Town, state: str) -> JsonDict:
    async def is_so() -> bool:
        return bool((await seen(town))["state"] == state)

    await until(is_so, f"the house did not tell {state}", seconds=40)
    return await seen(town)


async def seen(town: Town) -> JsonDict:
    return await town.host.get(f"/api/v1/houses/{town.place.house}/configuration")


async def test_settings_are_proved_on_the_line_or_given_back(new_town: NewTown) -> None:
    async with new_town(valve=True) as town:
        assert (await configured(town, query_seconds=5, look_after_seconds=60))["version"] == 1
        applied = await becomes(town, "applied")
        assert applied["settings"]["query_seconds"] == 5

        town.valve.hold("/down/current")
        await configured(town, query_seconds=7)
        await becomes(town, "tried")
        town.world.jump(timedelta(minutes=6))
        assert (await becomes(town, "rolled_back"))["reason"] == "cloud_not_reached"
        town.valve.release()
        said = [each["fate"] for each in await town.facts("configured")]
        assert said == ["tried", "applied", "tried", "rolled_back"]
