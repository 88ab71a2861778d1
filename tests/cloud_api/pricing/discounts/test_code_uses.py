"""How often was a code used, and can it be used once too often?"""

import asyncio
from uuid import UUID, uuid4

import pytest

from cloud_api.kit.db import Database
from cloud_api.kit.errors import NotFound
from cloud_api.pricing.discounts import service
from cloud_api.pricing.discounts.errors import CodeExhausted
from tests.cloud_api.pricing.discounts.stage import Desk


async def _redeem(database: Database, code_id: UUID, reservation_id: UUID) -> bool:
    try:
        async with database.transaction() as session:
            await service.redeem(session, code_id, reservation_id)
    except CodeExhausted:
        return False
    return True


async def _used(desk: Desk, code_id: UUID) -> int:
    return int((await desk.hotel.tenant.get(f"/discount-codes/{code_id}")).json()["used"])


async def test_a_price_counts_nothing_and_a_reservation_counts_once(
    desk: Desk, database: Database
) -> None:
    code = UUID((await desk.code(usage_limit=2))["id"])
    await desk.trial(code="SUN")
    assert await _used(desk, code) == 0
    reservation = uuid4()
    assert [await _redeem(database, code, reservation) for _ in range(3)] == [True] * 3
    assert await _used(desk, code) == 1


async def test_a_code_used_up_is_exhausted(desk: Desk, database: Database) -> None:
    code = UUID((await desk.code(usage_limit=1))["id"])
    assert await _redeem(database, code, uuid4())
    assert await desk.reasons(code="SUN") == {"SUN": "exhausted"}
    assert not await _redeem(database, code, uuid4())


async def test_of_twenty_at_once_exactly_the_limit_gets_the_code(
    desk: Desk, database: Database
) -> None:
    code = UUID((await desk.code(usage_limit=7))["id"])
    async with asyncio.TaskGroup() as tasks:
        tried = [tasks.create_task(_redeem(database, code, uuid4())) for _ in range(20)]
    assert sum(each.result() for each in tried) == 7
    assert await _used(desk, code) == 7


async def test_one_reservation_told_many_times_at_once_counts_once(
    desk: Desk, database: Database
) -> None:
    code = UUID((await desk.code(usage_limit=1))["id"])
    reservation = uuid4()
    async with asyncio.TaskGroup() as tasks:
        tried = [tasks.create_task(_redeem(database, code, reservation)) for _ in range(8)]
    assert all(each.result() for each in tried)
    assert await _used(desk, code) == 1


async def test_a_cancelled_reservation_gives_its_use_back_once(
    desk: Desk, database: Database
) -> None:
    code = UUID((await desk.code(usage_limit=1))["id"])
    reservation = uuid4()
    assert await _redeem(database, code, reservation)
    for _ in range(2):
        async with database.transaction() as session:
            await service.give_back(session, reservation)
    assert await _used(desk, code) == 0
    assert await _redeem(database, code, uuid4())
    assert not await _redeem(database, code, reservation)


async def test_a_code_without_a_limit_is_never_exhausted(desk: Desk, database: Database) -> None:
    code = UUID((await desk.code())["id"])
    for _ in range(3):
        assert await _redeem(database, code, uuid4())
    assert await _used(desk, code) == 3
    assert await desk.amount(code="SUN") == 4_000


async def test_a_code_that_is_not_there_cannot_be_used(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await service.redeem(session, uuid4(), uuid4())
