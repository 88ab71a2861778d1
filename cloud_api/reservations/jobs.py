"""What does the clock do to bookings?"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.properties import service as properties
from cloud_api.reservations import repository, service
from cloud_api.reservations.events import publish_expiring
from cloud_api.reservations.holds import service as holds
from cloud_api.reservations.types import Booking, JobChange, JobReport, Status

EXPIRE_BATCH = 200
REMINDER = timedelta(minutes=15)
COMPLETE_BATCH = 200
# Somewhere on earth it is at most this much later than in UTC.
_EARLIEST_ZONE = timedelta(hours=14)

type JobFunction = Callable[[Session, Clock], Awaitable[JobReport]]


class Job(NamedTuple):
    """What the worker schedules; `run` is one transaction, and running it twice is harmless."""

    name: str
    every: timedelta
    run: JobFunction


async def expire_holds(
    session: Session, _clock: Clock, *, organisation_id: UUID | None = None
) -> JobReport:
    """Expire up to 200 holds whose time is over by the database's clock."""
    ids = await holds.expire_batch(session, EXPIRE_BATCH, organisation_id=organisation_id)
    expired = await holds.announce_expired(session, ids)
    changes = tuple(JobChange(each.id, each.code, Status.HELD, Status.EXPIRED) for each in expired)
    return JobReport("reservations.expire_holds", changes)


async def complete_stays(
    session: Session, clock: Clock, *, organisation_id: UUID | None = None
) -> JobReport:
    """Complete up to 200 bookings whose day of departure has passed in their house's zone.

    A guest's visit is counted in the same transaction, once.
    """
    ended = await _ended(session, clock, organisation_id)
    due = await repository.lock_due(session, ended[:COMPLETE_BATCH])
    changes = [_change(before, await service.complete(session, before)) for before in due]
    return JobReport("reservations.complete_stays", tuple(changes))


async def remind_of_holds(session: Session, _clock: Clock) -> JobReport:
    """Tell once of each hold that runs out within 15 minutes, by the database's clock."""
    due = await repository.expiring(session, within=REMINDER, most=EXPIRE_BATCH)
    for booking in due:
        await publish_expiring(session, booking)
    changes = tuple(JobChange(each.id, each.code, each.status, each.status) for each in due)
    return JobReport("reservations.remind_of_holds", changes)


JOBS: tuple[Job, ...] = (
    Job("reservations.expire_holds", timedelta(seconds=60), expire_holds),
    Job("reservations.remind_of_holds", timedelta(seconds=60), remind_of_holds),
    Job("reservations.complete_stays", timedelta(minutes=30), complete_stays),
)


async def _ended(session: Session, clock: Clock, organisation_id: UUID | None) -> list[UUID]:
    now = clock.utc_now()
    ending = await repository.ending(
        session, latest=(now + _EARLIEST_ZONE).date(), organisation_id=organisation_id
    )
    zones = await properties.time_zones(session, sorted({each.house_id for each in ending}))
    return [
        each.reservation_id
        for each in ending
        if each.check_out < now.astimezone(ZoneInfo(zones[each.house_id])).date()
    ]


def _change(before: Booking, after: Booking) -> JobChange:
    counted = after.visit_counted and not before.visit_counted
    return JobChange(before.id, before.code, before.status, after.status, visit_counted=counted)
