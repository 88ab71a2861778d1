"""Is each use of a code counted once, never beyond its limit, and given back when it ends?"""

import asyncio
from uuid import UUID, uuid4

import pytest

from cloud_api.kit.db import Database
from cloud_api.kit.errors import NotFound
from cloud_api.pricing.discounts import service
from cloud_api.pricing.discounts.errors import CodeExhausted
from tests.cloud_api.pricing.discounts.stage import Desk


async def _redeem(database: Database, code_id: str, reservation_id: UUID) -> bool:
    """Create a reservation with the code; False when no use was left."""
    try:
        async with database.transaction() as session:
            await service.redeem(session, UUID(code_id), reservation_id)
    except CodeExhausted:
        return False
    return True


async def _give_back(database: Database, reservation_id: UUID) -> None:
    async with database.transaction() as session:
        await service.give_back(session, reservation_id)


async def _used(desk: Desk, code_id: str) -> int:
    return int((await desk.hotel.tenant.get(f"/discount-codes/{code_id}")).json()["used"])


async def test_a_price_counts_no_use(desk: Desk) -> None:
    made = await desk.code(usage_limit=1)
    await desk.trial(code="SUN")
    await desk.trial(code="SUN")
    assert await _used(desk, made["id"]) == 0


async def test_a_use_is_counted_once_for_each_reservation(desk: Desk, database: Database) -> None:
    made, reservation_id = await desk.code(usage_limit=2), uuid4()
    assert await _redeem(database, made["id"], reservation_id)
    assert await _redeem(database, made["id"], reservation_id)
    assert await _used(desk, made["id"]) == 1


async def test_of_twenty_at_once_exactly_as_many_as_the_limit_get_a_code(
    desk: Desk, database: Database
) -> None:
    made, got = await desk.code(usage_limit=7), list[bool]()

    async def want() -> None:
        got.append(await _redeem(database, made["id"], uuid4()))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(want(), name="guest")
    assert (got.count(True), got.count(False)) == (7, 13)
    assert await _used(desk, made["id"]) == 7


async def test_an_exhausted_code_is_told_to_be_exhausted(desk: Desk, database: Database) -> None:
    made = await desk.code(usage_limit=1)
    await _redeem(database, made["id"], uuid4())
    assert await desk.reasons(code="SUN") == {"SUN": "exhausted"}


async def test_a_reservation_that_has_the_last_use_may_ask_again(
    desk: Desk, database: Database
) -> None:
    made, reservation_id = await desk.code(usage_limit=1), uuid4()
    assert await _redeem(database, made["id"], reservation_id)
    assert await _redeem(database, made["id"], reservation_id)
    assert not await _redeem(database, made["id"], uuid4())


async def test_a_cancelled_reservation_gives_its_use_back_once(
    desk: Desk, database: Database
) -> None:
    made, first, second = await desk.code(usage_limit=2), uuid4(), uuid4()
    await _redeem(database, made["id"], first)
    await _redeem(database, made["id"], second)
    await _give_back(database, first)
    await _give_back(database, first)
    assert await _used(desk, made["id"]) == 1
    assert await _redeem(database, made["id"], uuid4())
    assert not await _redeem(database, made["id"], first)


async def test_a_use_that_was_given_back_is_counted_anew(desk: Desk, database: Database) -> None:
    made, reservation_id = await desk.code(usage_limit=1), uuid4()
    await _redeem(database, made["id"], reservation_id)
    await _give_back(database, reservation_id)
    assert await _redeem(database, made["id"], reservation_id)
    assert await _used(desk, made["id"]) == 1


async def test_a_reservation_that_was_rolled_back_used_nothing(
    desk: Desk, database: Database
) -> None:
    made = await desk.code(usage_limit=1)

    async def book_taken_nights() -> None:
        async with database.transaction() as session:
            await service.redeem(session, UUID(made["id"]), uuid4())
            raise RuntimeError("the nights were taken")

    with pytest.raises(RuntimeError):
        await book_taken_nights()
    assert await _used(desk, made["id"]) == 0


async def test_a_code_without_a_limit_is_never_exhausted(desk: Desk, database: Database) -> None:
    made = await desk.code()
    for _ in range(3):
        assert await _redeem(database, made["id"], uuid4())
    assert await desk.amount(code="SUN") == 4_000


async def test_a_code_that_does_not_exist_cannot_be_used(database: Database) -> None:
    with pytest.raises(NotFound):
        await _redeem(database, str(uuid4()), uuid4())


async def test_giving_back_what_was_never_used_is_harmless(desk: Desk, database: Database) -> None:
    made = await desk.code(usage_limit=1)
    await _give_back(database, uuid4())
    assert await _used(desk, made["id"]) == 0
