"""A town for each journey: its own folder, database, broker and ports, all of real parts."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path

import pytest

from portero.local.broker import BrokerKind
from tests.journeys.town import NewTown, Plan, Town, raised
from tests.journeys.world import World


@pytest.fixture
def new_town(database_dsn: str, tmp_path: Path) -> NewTown:
    """Makes towns, each from the fields of a Plan; to be entered with `async with`."""

    def make(
        *,
        rooms: tuple[str, ...] = ("Sea room",),
        zone: str = "America/Lima",
        check_in_from: str = "00:00",
        check_out_until: str = "00:00",
        start: datetime | None = None,
        broker: BrokerKind | None = None,
        valve: bool = False,
        vendors: Mapping[str, str] | None = None,
        world: World | None = None,
    ) -> AbstractAsyncContextManager[Town]:
        hours = (check_in_from, check_out_until)
        plan = Plan(rooms, zone, *hours, start, broker, valve, vendors or {}, world)
        return raised(plan, dsn=database_dsn, folder=tmp_path)

    return make
