"""Two devices of one copied card: one is the house within seconds, the other says why it is not."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge_agent.lock_socket.client import LockdClient
from edge_agent.store import identity, life
from tests.journeys.house_half import HouseHalf
from tests.journeys.people import Person
from tests.journeys.stage import Stage, until
from tests.journeys.town import FRONT, NewTown, Town, enrol

pytestmark = pytest.mark.journey


@asynccontextmanager
async def copied(town: Town, guest: Person, folder: Path) -> AsyncIterator[HouseHalf]:
    """The house's card, copied while it was off; the copy hears the same locks on the air."""
    await town.house.stop()
    shutil.copytree(town.house.folder, folder)
    sockets = Path(tempfile.mkdtemp(prefix="pc-"))
    (sockets / "air.sock").symlink_to(town.house.sockets / "air.sock")
    copy = HouseHalf(Stage(town.stage.group), town.world, folder, sockets, town.house.broker_port)
    try:
        await town.house.start()
        await opens_from_afar(town, guest)
        await copy.start()
        yield copy
    finally:
        await copy.stop()
        shutil.rmtree(sockets)


async def rival_of(half: HouseHalf) -> str | None:
    async with LockdClient(half.sockets / "lockd.sock") as lockd:
        return (await lockd.state()).rival


async def opens_from_afar(town: Town, guest: Person) -> None:
    """Each command that is carried out moves the bolt once; while lines change hands some fail."""

    async def opened() -> bool:
        before = town.house.openings(FRONT)
        end = await town.end_of(guest, await town.ask_to_open(guest, FRONT))
        moved = town.house.openings(FRONT) - before
        assert moved == (1 if end["outcome"] == "opened" else 0), end
        return bool(end["outcome"] == "opened")

    await until(opened, "no command from afar was carried out", seconds=60)


async def test_one_wins_the_other_says_why_and_a_new_claim_heals(
    new_town: NewTown, tmp_path: Path
) -> None:
    async with new_town() as town:
        guest = await town.far_away(await town.book())
        async with copied(town, guest, tmp_path / "copy") as copy:
            await _one_wins(town, guest, copy)
            await _restarts_change_nothing(town, guest, copy)
            await _a_new_claim_heals(town, guest)


async def _one_wins(town: Town, guest: Person, copy: HouseHalf) -> None:
    async def copy_knows() -> bool:
        return await rival_of(copy) is not None

    await until(copy_knows, "the copy was not told", seconds=40)
    assert await rival_of(town.house) is None
    doubled = (await town.delivery())["doubled"]
    assert doubled["device"] == await rival_of(copy)
    await opens_from_afar(town, guest)


async def _restarts_change_nothing(town: Town, guest: Person, copy: HouseHalf) -> None:
    await copy.stop()
    await copy.start()
    assert await rival_of(copy) is not None
    await town.house.stop()
    await town.house.start()
    await opens_from_afar(town, guest)
    assert await rival_of(town.house) is None


async def _a_new_claim_heals(town: Town, guest: Person) -> None:
    await town.house.stop()
    _wipe(town.house.data)
    await enrol(town, town.house, town.place.house)
    await town.house.start()
    await town.delivered()
    assert (await town.delivery())["doubled"] is None
    await opens_from_afar(town, guest)


def _wipe(data: Path) -> None:
    """What a new Pi lacks; the keys of the locks were put in anew."""
    for name in (identity.FILE, life.FILE):
        (data / name).unlink()
    for store in data.glob("*.sqlite*"):
        store.unlink()
