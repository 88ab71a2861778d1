"""Is what no book could carry refused where it is asked for, and nothing else?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from cloud_api.fleet.capacity.rules import MOST_BYTES
from cloud_api.fleet.errors import HouseFullError
from cloud_api.fleet.snapshots.types import Built
from cloud_api.fleet.types import DesiredGrant
from protocol.house import MAX_SNAPSHOT_BYTES
from tests.cloud_api.fleet.stage import Bench

_RIGHTS = tuple(f"door:open:{uuid4()}" for _ in range(80))
_FITS = 48


def _crowd(bench: Bench, count: int, *, in_days: float = 0) -> Sequence[DesiredGrant]:
    starts = bench.clock.now + timedelta(days=in_days)
    return [replace(bench.place.grant(starts=starts), rights=_RIGHTS) for _ in range(count)]


async def test_a_full_house_refuses_one_more_and_its_book_is_still_built(bench: Bench) -> None:
    await bench.desire(*_crowd(bench, _FITS))
    built = await bench.build()
    assert isinstance(built, Built)
    # The estimate is near the truth, and above it.
    assert 0.85 * MAX_SNAPSHOT_BYTES < built.size_bytes < MOST_BYTES
    with pytest.raises(HouseFullError) as refused:
        await bench.desire(*_crowd(bench, 4))
    assert (refused.value.status, refused.value.code) == (409, "house_full")
    assert await bench.value("SELECT count(*) FROM fleet_grants") == _FITS
    await bench.desire(bench.place.grant())
    assert isinstance(await bench.build(), Built)


async def test_guests_who_follow_one_another_never_fill_a_house(bench: Bench) -> None:
    for week in range(4):
        await bench.desire(*_crowd(bench, 40, in_days=14 * week))
    built = await bench.build()
    assert isinstance(built, Built)
    assert built.size_bytes < MAX_SNAPSHOT_BYTES
    with pytest.raises(HouseFullError):
        await bench.desire(*_crowd(bench, 15, in_days=28))


async def test_a_full_house_lets_go(bench: Bench) -> None:
    crowd = _crowd(bench, _FITS)
    await bench.desire(*crowd)
    # Fuller than it may be, as a new lock on every stay would make it.
    await bench.value(
        "UPDATE fleet_grants SET rights = rights || rights[1:9], digest = '' RETURNING 1"
    )
    await bench.desire(replace(crowd[0], ends=crowd[0].ends - timedelta(hours=3), generation=2))
    await bench.withdraw(*(each.id for each in crowd[1:6]))
    with pytest.raises(HouseFullError):
        await bench.desire(*_crowd(bench, 10))
