"""Do the clock's jobs change what is due, once, and say what they changed?"""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cloud_api.kit.db import Database
from cloud_api.reservations import jobs
from cloud_api.reservations.types import JobReport
from tests.builders import JsonDict, Tenant
from tests.desk import Desk


async def _run(database: Database, desk: Desk, job: jobs.Job) -> JobReport:
    async with database.transaction() as session:
        return await job.run(session, desk.clock)


EXPIRE, REMIND, COMPLETE = jobs.JOBS


async def _visits(desk: Desk) -> list[int]:
    return [row.visits for row in await desk.sql("SELECT visits FROM clients ORDER BY name")]


async def _started(desk: Desk, booking: JsonDict, first: int, last: int) -> None:
    """As if the booking had been made in time for these nights."""
    await desk.sql(
        "UPDATE reservations SET check_in = :first, check_out = :last WHERE id = :id",
        id=UUID(booking["id"]),
        first=desk.day(first),
        last=desk.day(last),
    )
    await desk.sql(
        "UPDATE occupancies SET nights = daterange(:first, :last) WHERE reservation_id = :id",
        id=UUID(booking["id"]),
        first=desk.day(first),
        last=desk.day(last),
    )


def test_the_worker_is_told_how_often() -> None:
    assert [(job.name, job.every) for job in jobs.JOBS] == [
        ("reservations.expire_holds", timedelta(seconds=60)),
        ("reservations.remind_of_holds", timedelta(seconds=60)),
        ("reservations.complete_stays", timedelta(minutes=30)),
    ]


async def test_expiry_takes_only_holds_that_ran_out_and_says_which(
    desk: Desk, database: Database
) -> None:
    late = await desk.hold(desk.rooms[:2], 3, 6)
    await desk.hold([desk.rooms[2]], 3, 6)
    await desk.run_out(late)
    report = await _run(database, desk, EXPIRE)
    assert [
        (str(each.reservation_id), each.code, each.before, each.after) for each in report.changes
    ] == [(late["id"], late["code"], "held", "expired")]
    assert (await desk.event_names())[-1] == "reservations.expired"
    assert len(await desk.sql("SELECT 1 FROM occupancies WHERE live")) == 1
    assert (await _run(database, desk, EXPIRE)).changes == ()


async def test_expiry_never_touches_what_is_submitted_or_stands(
    desk: Desk, database: Database
) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    await desk.done(held, "submit")
    await desk.hotel.tenant.patch(
        f"/properties/{desk.hotel.property_id}", {"may_stand_unconfirmed": True}
    )
    await desk.hold([desk.rooms[1]], 3, 6)
    assert (await _run(database, desk, EXPIRE)).changes == ()


async def test_expiry_works_in_batches_of_two_hundred(desk: Desk, database: Database) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 4)
    await desk.sql("""
        INSERT INTO reservations (id, organisation_id, property_id, house_id, code, kind, status,
            check_in, check_out, guests, channel, contact_name, language, standing, expires_at)
        SELECT gen_random_uuid(), organisation_id, property_id, house_id, 'RES' || n, kind, status,
            check_in, check_out, guests, channel, contact_name, language, standing, now()
        FROM reservations, generate_series(1, 250) AS n
    """)
    runs = [len((await _run(database, desk, EXPIRE)).changes) for _ in range(3)]
    assert runs == [200, 50, 0]
    assert await desk.status(held) == "held"


async def test_two_workers_at_once_expire_each_hold_once(desk: Desk, database: Database) -> None:
    for room in desk.rooms:
        await desk.run_out(await desk.hold([room], 3, 6))
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(_run(database, desk, EXPIRE)) for _ in range(4)]
    assert sum(len(each.result().changes) for each in both) == 4
    assert (await desk.event_names()).count("reservations.expired") == 4


async def test_a_stay_completes_after_its_last_day_and_counts_one_visit(
    desk: Desk, database: Database
) -> None:
    booked = await desk.book([desk.rooms[0]], 0, 2)
    # Until the night after, a guest who checks out late still has a booking.
    await _started(desk, booked, -3, 0)
    assert (await _run(database, desk, COMPLETE)).changes == ()
    await _started(desk, booked, -3, -1)
    report = await _run(database, desk, COMPLETE)
    [change] = report.changes
    assert (change.before, change.after, change.visit_counted) == ("confirmed", "completed", True)
    assert (await desk.event_names())[-1] == "reservations.completed"
    assert await _visits(desk) == [1]
    assert (await _run(database, desk, COMPLETE)).changes == ()
    assert await _visits(desk) == [1]


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("Pacific/Honolulu", "2027-06-10T09:59+00:00", False),
        ("Pacific/Honolulu", "2027-06-10T10:00+00:00", True),
        ("Pacific/Kiritimati", "2027-06-09T09:59+00:00", False),
        ("Pacific/Kiritimati", "2027-06-09T10:00+00:00", True),
    ],
)
async def test_the_last_day_is_the_houses_own(
    desk: Desk, database: Database, zone: str, now: str, *, due: bool
) -> None:
    await desk.hotel.tenant.patch(f"/houses/{desk.hotel.house_id}", {"zone": zone})
    booked = await desk.book([desk.rooms[0]], 5, 6)
    desk.clock.now, desk.zone = datetime.fromisoformat(now).astimezone(UTC), zone
    last = (datetime(2027, 6, 9, tzinfo=UTC).date() - desk.day(0)).days
    await _started(desk, booked, last - 3, last)
    assert len((await _run(database, desk, COMPLETE)).changes) == (1 if due else 0)


async def test_an_unconfirmed_booking_completes_only_where_it_may_stand(
    desk: Desk, database: Database
) -> None:
    pending = await desk.hold([desk.rooms[0]], 0, 2)
    await desk.done(pending, "submit")
    await desk.hotel.tenant.patch(
        f"/properties/{desk.hotel.property_id}", {"may_stand_unconfirmed": True}
    )
    standing = await desk.hold([desk.rooms[1]], 0, 2)
    for booking in (pending, standing):
        await _started(desk, booking, -3, -1)
    report = await _run(database, desk, COMPLETE)
    assert [each.code for each in report.changes] == [standing["code"]]
    assert await _visits(desk) == [1]
    assert await desk.status(pending) == "pending"


async def test_blocks_complete_without_a_visit(desk: Desk, database: Database) -> None:
    block = await desk.block([desk.rooms[0]], 0, 2)
    await _started(desk, block, -3, -1)
    [change] = (await _run(database, desk, COMPLETE)).changes
    assert (change.after, change.visit_counted) == ("completed", False)
    assert await _visits(desk) == []


async def test_two_workers_at_once_count_each_visit_once(desk: Desk, database: Database) -> None:
    for room in desk.rooms:
        await _started(desk, await desk.book([room], 0, 2), -3, -1)
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(_run(database, desk, COMPLETE)) for _ in range(4)]
    assert sum(len(each.result().changes) for each in both) == 4
    assert await _visits(desk) == [4]


async def test_an_administrator_runs_a_job_and_sees_what_it_changed(
    desk: Desk, stranger: Tenant
) -> None:
    late = await desk.hold([desk.rooms[0]], 3, 6)
    await desk.run_out(late)
    path = "/admin/jobs/reservations/expire-holds"
    theirs = await stranger.post(path)
    assert theirs.json() == {"job": "reservations.expire_holds", "changed": 0, "changes": []}
    ours = (await desk.hotel.tenant.post(path)).json()
    assert ours["changed"] == 1
    assert ours["changes"][0]["code"] == late["code"]
    stay = await desk.book([desk.rooms[1]], 0, 2)
    await _started(desk, stay, -3, -1)
    done = (await desk.hotel.tenant.post("/admin/jobs/reservations/complete-stays")).json()
    assert done["changes"] == [
        {
            "reservation_id": stay["id"],
            "code": stay["code"],
            "before": "confirmed",
            "after": "completed",
            "visit_counted": True,
        }
    ]
