"""Check-out is at 11:00 local, to the second, also where the clocks change in the night before."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from cloud_api.kit.clock import SystemClock
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Town

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("forward", [True, False], ids=["clocks_forward", "clocks_back"])
@pytest.mark.parametrize("zone", ["Europe/London", "America/Santiago"])
async def test_the_door_opens_a_second_before_eleven_and_not_at_eleven(
    new_town: NewTown, zone: str, *, forward: bool
) -> None:
    changes = _next_change(ZoneInfo(zone), forward=forward)
    eve = changes - timedelta(days=1)
    local = ZoneInfo(zone)
    arrival = datetime.combine(eve, time(16), tzinfo=local)
    leaves = datetime.combine(changes, time(11), tzinfo=local).astimezone(UTC)
    night = leaves - datetime.combine(eve, time(11), tzinfo=local).astimezone(UTC)
    assert night == timedelta(hours=23 if forward else 25)
    hours = {"check_in_from": "15:00", "check_out_until": "11:00"}
    start = arrival.astimezone(UTC) - timedelta(hours=4)
    async with new_town(zone=zone, start=start, **hours) as town:
        stay = await town.stay_of(await town.confirm("Sea room", eve, changes))
        guest = await town.in_house(stay)
        early = await guest.tap(town.place.locks[FRONT])
        assert (early["outcome"], early["refusal"]) == ("refused", "not_started")

        await town.has_pin(stay)
        town.world.stand_at(leaves - timedelta(minutes=1))
        await _house_knows_the_time(town)
        town.world.stand_at(leaves - timedelta(seconds=1))
        assert town.house.doors[FRONT].press(stay.pin)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 2
        town.world.stand_at(leaves)
        assert not town.house.doors[FRONT].press(stay.pin)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        assert not (await town.lan_guest().sign_in(stay.lan_secret)).is_success
        assert town.house.all_openings() == 2


async def _house_knows_the_time(town: Town) -> None:
    """After a jump it hears the cloud's signed time, and then sets its locks by it."""
    local = town.world.utc_now().astimezone(ZoneInfo(town.plan.zone)).replace(tzinfo=None)

    async def knows() -> bool:
        return all(door.snapshot().clock_local == local for door in town.house.doors.values())

    await until(knows, "the house did not learn the time", seconds=30)


def _next_change(zone: ZoneInfo, *, forward: bool) -> date:
    """The next local date, two days off at least, whose night has a change of this direction."""
    today = SystemClock().utc_now().astimezone(zone).date()
    for days in count(3):
        day = today + timedelta(days=days)
        before, after = (
            datetime.combine(each, time(11), tzinfo=zone).utcoffset()
            for each in (day - timedelta(days=1), day)
        )
        assert before is not None
        assert after is not None
        if (after > before) if forward else (after < before):
            return day
    raise AssertionError
