"""Which letters does the clock call for?"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cloud_api.access.handover import service as keys
from cloud_api.access.handover.types import KeyStanding, Standing
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job
from cloud_api.messaging.types import MessageEvent
from cloud_api.papers.letters import repository, rules, service
from cloud_api.papers.letters.types import USUAL, Call, Due, Habits, StayHours
from cloud_api.properties import service as properties
from cloud_api.reservations.agenda import service as agenda
from cloud_api.reservations.agenda.types import NearStay

# No property may write earlier before a stay; see `schemas.Days` and `schemas.Minutes`.
_DAYS_AHEAD: Final = timedelta(days=31)
_VOUCHERS_AHEAD: Final = timedelta(hours=72)
_CALLS_KEPT: Final = timedelta(days=400)
_OF_KEYS: Final = {
    MessageEvent.KEY_READY: Standing.READY,
    MessageEvent.KEY_DELAYED: Standing.AWAITED,
}


async def call_for_letters(session: Session, clock: Clock) -> dict[str, int]:
    """Call for the letters that are due about stays; each once. Says how many."""
    now = clock.utc_now()
    today = now.date()
    stays = await agenda.near(session, since=today - timedelta(days=1), until=today + _DAYS_AHEAD)
    habits = await repository.habits_of(session, {each.property_id for each in stays})
    hours = await _hours(session, stays)
    wanted = [
        (stay, due)
        for stay in stays
        if stay.id in hours
        for due in rules.due(hours[stay.id], habits.get(stay.property_id, USUAL), now=now)
    ]
    wanted = await _with_keys(session, clock, wanted, hours)
    done = await repository.called(session, sorted({stay.id for stay, _ in wanted}))
    fresh = [
        (stay, due) for stay, due in wanted if (stay.id, due.letter.value, due.fact) not in done
    ]
    called = [await _call(session, _of_stay(stay, due, now)) for stay, due in fresh]
    return {"letters": sum(called)}


async def call_for_vouchers(session: Session, clock: Clock) -> dict[str, int]:
    """Call for reminders of vouchers whose time is soon over; says how many."""
    now = clock.utc_now()
    holds = await agenda.awaited_vouchers(session, now=now, until=now + _VOUCHERS_AHEAD)
    habits = await repository.habits_of(session, {each.property_id for each in holds})
    calls = [
        Call(
            reservation_id=hold.id,
            organisation_id=hold.organisation_id,
            letter=MessageEvent.VOUCHER_DEADLINE,
            fact=f"{hold.deadline:%Y-%m-%dT%H:%M}",
            called_at=now,
            useful_until=hold.deadline,
        )
        for hold in holds
        if hold.deadline - _voucher_time(habits.get(hold.property_id, USUAL)) <= now
    ]
    return {"letters": sum([await _call(session, each) for each in calls])}


async def forget_calls(session: Session, clock: Clock) -> None:
    """Forget calls of stays that are long over."""
    await repository.forget(session, before=clock.utc_now() - _CALLS_KEPT)


JOBS: tuple[AnyJob, ...] = (
    Job("papers.call_for_letters", timedelta(minutes=1), call_for_letters),
    Job("papers.call_for_vouchers", timedelta(minutes=1), call_for_vouchers),
    Job("papers.forget_letter_calls", timedelta(days=1), forget_calls),
)


async def _hours(session: Session, stays: Sequence[NearStay]) -> dict[UUID, StayHours]:
    units = await properties.units_for_booking(session, sorted({each.unit_id for each in stays}))
    known = {unit.unit_id: unit for unit in units}
    return {
        stay.id: StayHours(
            house_id=stay.house_id,
            check_in=stay.check_in,
            check_out=stay.check_out,
            arrival_hour=stay.early_check_in or known[stay.unit_id].check_in_from,
            departure_hour=stay.late_check_out or known[stay.unit_id].check_out_until,
            zone=known[stay.unit_id].time_zone,
        )
        for stay in stays
        if stay.unit_id in known
    }


async def _with_keys(
    session: Session,
    clock: Clock,
    wanted: Sequence[tuple[NearStay, Due]],
    hours: dict[UUID, StayHours],
) -> list[tuple[NearStay, Due]]:
    """Without the letters about keys that are not true; each key is a fact of its own."""
    asked = sorted({stay.id for stay, due in wanted if due.letter in _OF_KEYS})
    standings = await keys.standings(session, clock, asked) if asked else {}
    return list(_true(wanted, standings, hours))


def _true(
    wanted: Sequence[tuple[NearStay, Due]],
    standings: dict[UUID, KeyStanding],
    hours: dict[UUID, StayHours],
) -> Iterator[tuple[NearStay, Due]]:
    for stay, due in wanted:
        standing = standings.get(stay.id)
        if due.letter not in _OF_KEYS:
            yield stay, due
        elif standing is not None and standing.standing is _OF_KEYS[due.letter]:
            fact = due.fact
            if due.letter is MessageEvent.KEY_READY:
                fact = rules.of_key(hours[stay.id], standing.credential)
            yield stay, Due(due.letter, fact, due.since, due.until)


async def _call(session: Session, wanted: Call) -> bool:
    if not await repository.call(session, wanted):
        return False
    await service.call(session, wanted)
    return True


def _of_stay(stay: NearStay, due: Due, now: datetime) -> Call:
    return Call(
        reservation_id=stay.id,
        organisation_id=stay.organisation_id,
        letter=due.letter,
        fact=due.fact,
        called_at=now,
        useful_until=due.until,
    )


def _voucher_time(habits: Habits) -> timedelta:
    if MessageEvent.VOUCHER_DEADLINE in habits.off:
        return timedelta(0)
    return timedelta(minutes=habits.voucher_minutes)
