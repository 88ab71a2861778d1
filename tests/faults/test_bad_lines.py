"""B2, B3, B6 on live lines: silent one way, half closed, cut off, slow, busy with copies.

Real link, real broker, real cloud and lockd; a proxy between house and broker does the harm.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.link.broker import _KEEPALIVE_SECONDS
from edge_agent.link.client import Link, Pace
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from protocol.ids import HouseId
from protocol.signing import Signer
from tests.edge_agent.doorman import CLOUD_KID, Doorman
from tests.edge_agent.link_kit import link_to
from tests.edge_agent.link_kit import running as carried
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK
from tests.faults.proxy import Line, Mischief
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Town

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

PATIENCE = 60.0
"""Seconds until a test gives up; what was measured is in the figures."""

HARM = ("nothing up", "nothing down", "nothing at all", "reset", "half closed")


def _harm(line: Line, kind: str) -> None:
    match kind:
        case "reset":
            line.reset()
        case "half closed":
            line.half_close()
        case _:
            line.go_silent(up=kind != "nothing down", down=kind != "nothing up")


async def _notices(link: Link, line: Line, kind: str, figure: Figure) -> None:
    """Online, harmed, noticed, healed, online again; the figure is until it was noticed."""
    lost = link.counters.lost
    began = CLOCK.monotonic()
    _harm(line, kind)

    async def has_noticed() -> bool:
        return link.counters.lost > lost

    await until(has_noticed, f"{kind}: never noticed", seconds=PATIENCE)
    took = CLOCK.monotonic() - began
    line.heal()

    async def is_back() -> bool:
        return link.counters.online

    await until(is_back, f"{kind}: never back", seconds=PATIENCE)
    figure.took(took)
    figure.note(f"{kind}, s", round(took, 1))
    figure.tried += 1


async def test_a_line_that_is_silent_one_way_is_noticed_and_made_anew(
    tmp_path: Path, scale: Scale
) -> None:
    figure = Figure("B2 half-open lines", scale.seed)
    for _ in scale.tries(1, 10):
        async with AsyncExitStack() as stack:
            broker = stack.enter_context(LocalBroker(tmp_path / "broker", port=any_free()))
            lines = [Line(broker.port, scale.dice(kind)) for kind in HARM]
            for line in lines:
                await stack.enter_async_context(line.open())
            group = await stack.enter_async_context(asyncio.TaskGroup())
            for kind, line in zip(HARM, lines, strict=True):
                house = HouseId(uuid4())
                doorman = Doorman.of(house, Signer.from_seed(CLOUD_KID, b"\x07" * 32))
                pace = Pace(query_seconds=3600, first_retry_seconds=0.1, longest_retry_seconds=1)
                link = link_to(line.port, house, doorman, pace=pace)
                group.create_task(_cared_for(link, line, kind, figure), name=kind)
    figure.note("keepalive, s", _KEEPALIVE_SECONDS)
    figure.publish(scale)
    assert figure.tried % len(HARM) == 0


async def _cared_for(link: Link, line: Line, kind: str, figure: Figure) -> None:
    async with carried(link):
        await _notices(link, line, kind, figure)


async def test_a_slow_and_shaking_line_still_gets_a_booking_and_a_revocation_through(
    new_town: NewTown, scale: Scale
) -> None:
    figure = Figure("B3 jitter and a narrow line", scale.seed)
    async with (
        new_town() as town,
        _bad_line(town, Line(town.broker.port, scale.dice("B3"))) as line,
    ):
        await town.book(nights=1)
        for number in scale.tries(1, 25):
            # 8 kbit/s, as on the edge of a mobile network; wider in the quick form.
            line.rate, line.delay = (1000.0 if scale.evidence else 12_000.0), (0.02, 0.3)
            began = CLOCK.monotonic()
            stay = await town.confirm("Sea room", _day(town, 3 + number), _day(town, 4 + number))
            await _until_granted(town, stay, active=True)
            figure.took(CLOCK.monotonic() - began)
            began = CLOCK.monotonic()
            await town.host.post(f"/api/v1/reservations/{stay}/cancel")
            await _until_granted(town, stay, active=False)
            figure.took(CLOCK.monotonic() - began)
            figure.tried += 2
        line.heal()
    figure.publish(scale)
    assert figure.violations == 0


async def test_copies_swaps_and_alterations_on_the_live_line_open_nothing_twice(
    new_town: NewTown, scale: Scale
) -> None:
    figure = Figure("B6 a live line full of mischief", scale.seed)
    line = Mischief(0, scale.dice("B6 live"))
    async with new_town() as town:
        line.server_port = town.broker.port
        guest = await town.far_away(await town.book())
        async with _bad_line(town, line):
            line.odds = 0.5
            newest = 0
            for number in scale.tries(6, 500):
                before = town.house.all_openings()
                command = await town.ask_to_open(guest, FRONT)
                if number % 3 == 2:
                    line.release()
                    await town.confirm("Sea room", _day(town, 5 + number), _day(town, 6 + number))
                end = await town.end_of(guest, command)
                opened = town.house.all_openings() - before
                figure.tried += 1
                figure.note(str(end["outcome"]))
                figure.violations += opened > 1
                version = int((await town.health())["lockd"]["version"])
                figure.violations += version < newest
                newest = version
            line.odds = 0.0
            await _until_delivered(town)
    figure.notes |= {trick: float(times) for trick, times in line.played.items()}
    figure.publish(scale)
    assert figure.violations == 0
    assert sum(line.played.values()) > figure.tried


@asynccontextmanager
async def _bad_line[L: Line](town: Town, line: L) -> AsyncIterator[L]:
    """The house speaks through the line while entered, and directly again afterwards."""
    async with line.open():
        await _through(town, line.port)
        yield line
        line.heal()
        await _through(town, town.broker.port)


async def _through(town: Town, port: int) -> None:
    await town.stage.stop("agent")
    town.house.broker_port = port
    await town.house.start_agent()

    async def is_online() -> bool:
        return bool((await town.health())["link"]["online"])

    await until(is_online, "the house is not on the line", seconds=PATIENCE)


async def _until_granted(town: Town, stay: str, *, active: bool) -> None:
    """The cloud has made, or ended, its grant, and the house has proved to know."""

    async def is_so() -> bool:
        grants = (await town.host.get(f"/api/v1/grants/of-reservation/{stay}"))["grants"]
        return bool(grants) and all((each["state"] == "active") is active for each in grants)

    await until(is_so, "access did not hear of it", seconds=PATIENCE)
    await _until_delivered(town)


async def _until_delivered(town: Town) -> None:
    async def is_so() -> bool:
        return bool((await town.delivery())["state"] == "delivered")

    await until(is_so, "the house did not acknowledge", seconds=5 * PATIENCE)


def _day(town: Town, number: int) -> date:
    return town.today() + timedelta(days=number)
