"""Can somebody who lets companions in and out all day keep a house from hearing anything?"""

from uuid import UUID, uuid4

from cloud_api.fleet.snapshots.rules import MOST_REVOKED
from cloud_api.fleet.snapshots.types import Built
from tests.cloud_api.fleet.stage import Bench


async def withdraw_many(bench: Bench, count: int) -> list[UUID]:
    ids = [uuid4() for _ in range(count)]
    for first in range(0, count, 1000):
        await bench.withdraw(*ids[first : first + 1000])
    return ids


async def acknowledge(bench: Bench) -> None:
    await bench.value(
        "UPDATE fleet_houses SET acked_epoch = epoch, acked_version = version,"
        " acked_hash = head_hash WHERE house_id = :house RETURNING version",
        house=bench.place.house_id,
    )


_AT_ONCE = 50


async def test_thousands_of_ended_companions_do_not_stop_the_next_revocation(bench: Bench) -> None:
    guest, other = bench.place.grant(), bench.place.grant()
    await bench.desire(guest, other)
    await withdraw_many(bench, 6000)
    assert isinstance(await bench.build(), Built)
    await acknowledge(bench)
    await bench.withdraw(guest.id)
    (delegation,) = await withdraw_many(bench, 1)
    assert isinstance(await bench.build(), Built)
    newest = await bench.newest()
    assert [each.id for each in newest.grants] == [other.id]
    assert {guest.id, delegation} <= set(newest.revoked_ids)
    assert len(newest.revoked_ids) == MOST_REVOKED


async def test_unheard_delegations_are_told_before_grants(bench: Bench) -> None:
    (delegation,) = await withdraw_many(bench, 1)
    for _ in range(0, MOST_REVOKED, _AT_ONCE):  # no house carries so many at one time
        gone = [bench.place.grant(pin=None, name=None) for _ in range(_AT_ONCE)]
        await bench.desire(*gone)
        await bench.withdraw(*(each.id for each in gone))
    assert isinstance(await bench.build(), Built)
    newest = await bench.newest()
    assert delegation in newest.revoked_ids
    assert newest.grants == ()
