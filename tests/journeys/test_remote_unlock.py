"""An unlock from afar acts at most once, for whoever asked, and never after ten seconds."""

from datetime import timedelta

import pytest

from protocol.live import NONCE_SECONDS
from protocol.topics import Down
from tests.journeys.town import FRONT, NewTown
from tests.journeys.wire import tapped

pytestmark = pytest.mark.journey


async def test_a_command_from_afar_opens_in_time_and_never_after_ten_seconds(
    new_town: NewTown,
) -> None:
    async with new_town(valve=True) as town:
        guest = await town.far_away(await town.book())
        at_once = await town.ask_to_open(guest, FRONT)
        assert (await town.end_of(guest, at_once))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 1

        town.valve.hold("/down/command")
        slow = await town.ask_to_open(guest, FRONT)
        await town.valve.caught()
        town.world.jump(timedelta(seconds=NONCE_SECONDS / 2))
        town.valve.release()
        assert (await town.end_of(guest, slow))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 2

        town.valve.hold("/down/command")
        late = await town.ask_to_open(guest, FRONT)
        await town.valve.caught()
        town.world.jump(timedelta(seconds=NONCE_SECONDS))
        town.valve.release()
        told = await town.end_of(guest, late)
        assert (told["outcome"], told["reason"]) == ("refused", "nonce_expired")
        assert town.house.openings(FRONT) == 2


async def test_a_nonce_dies_with_a_restart_of_the_house(new_town: NewTown) -> None:
    async with new_town(valve=True) as town, tapped(town.broker.port) as tap:
        guest = await town.far_away(await town.book())
        town.valve.hold("/down/command")
        command = await town.ask_to_open(guest, FRONT)
        frame = await tap.next_on("/down/command")
        await town.house.stop()
        await town.house.start()
        town.valve.release()  # into a line that is gone
        for _ in range(3):
            await tap.say(town.topic(Down.COMMAND), frame)
        told = await town.end_of(guest, command)
        assert told["outcome"] in {"refused", "unknown"}
        assert town.house.all_openings() == 0
        await town.delivered()  # the house is back on its line
        again = await town.ask_to_open(guest, FRONT)
        assert (await town.end_of(guest, again))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 1


async def test_a_command_to_a_house_that_is_away_fails_and_is_not_kept_for_later(
    new_town: NewTown,
) -> None:
    async with new_town() as town:
        guest = await town.far_away(await town.book())
        await town.house.stop()
        command = await town.ask_to_open(guest, FRONT)
        assert (await town.end_of(guest, command))["outcome"] == "failed"
        await town.house.start()
        await town.delivered()
        assert town.house.all_openings() == 0
