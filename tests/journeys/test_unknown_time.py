"""A house that woke up without a witness of time opens for nobody whose stay may have ended."""

from datetime import timedelta
from typing import Any

import pytest

from tests.journeys.people import LanGuest
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Town

pytestmark = pytest.mark.journey
_LIES = {
    "long_ago": -timedelta(days=20_000),
    "as_saved_last": -timedelta(hours=5),
    "ten_years_on": timedelta(days=3652),
}


@pytest.mark.parametrize("lie", _LIES.values(), ids=_LIES.keys())
async def test_after_a_reboot_in_the_dark_only_a_recorded_override_and_pins_open(
    new_town: NewTown, lie: timedelta
) -> None:
    async with new_town() as town:
        stay = await town.book()
        guest, master = await town.in_house(stay), await _master_key(town)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        await town.has_pin(stay)
        await town.house_hears_nothing()
        await town.house.stop()
        town.world.jump(timedelta(hours=5))
        town.house.clock.reboot(lie=lie)
        await town.house.start()

        assert (await town.health())["lockd"]["clock"] == "time_unknown"
        refused = await guest.tap(town.place.locks[FRONT])
        assert (refused["outcome"], refused["refusal"]) == ("refused", "time_unknown")
        assert town.house.openings(FRONT) == 1
        assert town.house.doors[FRONT].press(stay.pin)
        assert (await master.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 3

        await town.house_hears_again()

        async def is_trusted() -> bool:
            return bool((await town.health())["lockd"]["clock"] == "trusted")

        await until(is_trusted, "the house did not regain its time", seconds=30)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        await _override_is_on_record(town)


async def test_a_stay_that_ended_while_the_house_was_off_opens_nothing(new_town: NewTown) -> None:
    async with new_town() as town:
        stay = await town.book()
        guest = await town.in_house(stay)
        await town.house_hears_nothing()
        await town.house.stop()
        town.world.jump(timedelta(days=3))
        town.house.clock.reboot(lie=-timedelta(days=3))
        await town.house.start()
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        await town.house_hears_again()
        town.host = await town.log_in()
        await town.delivered()
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        assert town.house.all_openings() == 0


async def _master_key(town: Town) -> LanGuest:
    """The host's own key, which may override an unknown time."""
    me = await town.host.get("/api/v1/me")
    now = town.world.utc_now()  # looked at once: a microsecond more than a day is too long
    wish = {
        "house_id": town.place.house,
        "staff_id": me["principal_id"],
        "name": "The host",
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=24)).isoformat(),
        "may_override": True,
    }
    grant = await town.host.post("/api/v1/grants/staff", wish)
    await town.delivered()
    links = await town.host.post(f"/api/v1/grants/{grant['id']}/links")
    master = town.lan_guest()
    assert (await master.sign_in(links["lan_secret"])).is_success
    return master


async def _override_is_on_record(town: Town) -> None:
    overriding: list[dict[str, Any]] = []

    async def is_so() -> bool:
        decided = await town.facts("decided")
        overriding[:] = [each for each in decided if each["via"] == "host_override"]
        return bool(overriding)

    await until(is_so, "the override is not on record in the cloud", seconds=30)
    assert [(each["allowed"], each["clock"]) for each in overriding] == [(True, "time_unknown")]
