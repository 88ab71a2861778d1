"""A revocation reaches a house that was away, and the host sees how long it may take at worst."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Stay, Town

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("arrived", [False, True], ids=["before_arrival", "checked_in"])
async def test_a_revocation_made_while_the_house_is_away_reaches_it_when_it_is_back(
    new_town: NewTown, *, arrived: bool
) -> None:
    async with new_town() as town:
        stay = await town.book(nights=10)
        guest = await town.in_house(stay)
        if arrived:
            assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
            await _is_checked_in(town, stay)
        opened = town.house.openings(FRONT)
        await asyncio.to_thread(town.broker.stop)

        await town.host.post(f"/api/v1/grants/{stay.grant}/revocation")
        pending = await town.delivery()
        assert pending["state"] == "pending"
        worst = datetime.fromisoformat(pending["revocation_worst_case"])
        ends = datetime.fromisoformat((await town.host.get(f"/api/v1/grants/{stay.grant}"))["ends"])
        assert town.world.utc_now() < worst <= ends
        assert worst == ends or not arrived

        await asyncio.to_thread(town.broker.start)
        after = await town.delivered()
        assert after["revocation_worst_case"] is None
        assert (await guest.tap(town.place.locks[FRONT]))["refusal"] == "revoked"
        assert not (await town.lan_guest().sign_in(stay.lan_secret)).is_success
        await town.house.stop()
        await town.house.start()
        assert (await guest.tap(town.place.locks[FRONT]))["refusal"] == "revoked"
        assert town.house.openings(FRONT) == opened


async def test_a_guest_who_arrives_unheard_is_out_at_the_worst_case_the_host_was_shown(
    new_town: NewTown,
) -> None:
    async with new_town() as town:
        stay = await town.book(nights=10)
        guest = await town.in_house(stay)
        await asyncio.to_thread(town.broker.stop)
        await town.host.post(f"/api/v1/grants/{stay.grant}/revocation")
        worst = datetime.fromisoformat((await town.delivery())["revocation_worst_case"])
        # The house honours what it knows: the host was told so.
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        town.world.jump(worst - town.world.utc_now() + timedelta(seconds=1))
        again = town.lan_guest()
        for each in (guest, again):
            await again.sign_in(stay.lan_secret)
            assert (await each.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        assert town.house.all_openings() == 1


async def _is_checked_in(town: Town, stay: Stay) -> None:
    async def is_so() -> bool:
        return bool((await town.host.get(f"/api/v1/grants/{stay.grant}"))["checked_in"])

    await until(is_so, "the cloud did not hear of the arrival")
    await town.delivered()
