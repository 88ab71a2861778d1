"""Is a PIN one person's at a lock, ever, and does the page say truly where it stands?"""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from cloud_api.access.grants import service as grants_service
from cloud_api.access.grants.pins import MOST_REPLACED
from cloud_api.access.grants.types import Makings
from cloud_api.accounts.types import Role
from protocol.facts import FORMER_PIN, PinMoved, PinNext, PinState
from protocol.ids import CredentialId, GrantId, LockId
from tests.builders import JsonDict, join
from tests.cloud_api.access.stage import Visit


class Loaded:
    """Chance that gives these digits first, then counts on."""

    def __init__(self, *pins: str) -> None:
        self._digits = iter("".join(pins))

    def __call__(self, _alphabet: str) -> str:
        return next(self._digits)


def makings(visit: Visit, *pins: str) -> Makings:
    return Makings(vault=visit.vault, clock=visit.clock, choose=Loaded(*pins))


async def sync(visit: Visit, reservation: JsonDict, *pins: str) -> None:
    async with visit.database.transaction() as session:
        await grants_service.sync_stay(
            session, makings(visit, *pins), reservation_id=UUID(reservation["id"])
        )


async def pin_of(visit: Visit, reservation: JsonDict) -> str:
    return str((await visit.links(await visit.grant(reservation)))["pin"])


async def test_digits_somebody_had_at_the_front_door_are_never_given_again(visit: Visit) -> None:
    first = await visit.desk.book([visit.desk.rooms[0]], 0, 2)
    await sync(visit, first, "482913")
    await visit.desk.done(first, "cancel", {"reason": "ill"})
    await sync(visit, first)
    second = await visit.desk.book([visit.desk.rooms[1]], 0, 2)
    await sync(visit, second, "482913", "730598")
    assert await pin_of(visit, second) == "730598"


async def test_two_workers_that_choose_the_same_digits_at_once_do_not_both_have_them(
    visit: Visit,
) -> None:
    stays = [await visit.desk.book([room], 0, 2) for room in visit.desk.rooms]
    async with asyncio.TaskGroup() as tasks:
        results = [tasks.create_task(_try(visit, stay)) for stay in stays]
    assert sorted(each.result() for each in results) == ["lost", "lost", "lost", "won"]
    await visit.work()  # the losers' events are tried again, with other digits
    assert len({await pin_of(visit, stay) for stay in stays}) == 4


async def _try(visit: Visit, stay: JsonDict) -> str:
    try:
        await sync(visit, stay, "482913")
    except (IntegrityError, StopIteration, RuntimeError):
        return "lost"
    return "won"


async def test_digits_used_at_a_lock_that_is_new_to_the_stay_are_changed_everywhere(
    visit: Visit,
) -> None:
    """Two houses without a shared front door could otherwise meet in one lock."""
    front, *room_locks = visit.hotel.front_door, *visit.hotel.room_locks
    await visit.hotel.tenant.delete(f"/locks/{front}")
    await visit.work()
    other = await visit.desk.book([visit.desk.rooms[1]], 3, 5)
    await sync(visit, other, "482913")
    mine = await visit.desk.book([visit.desk.rooms[0]], 0, 2)
    await sync(visit, mine, "482913")
    assert await pin_of(visit, mine) == await pin_of(visit, other)  # at different locks
    await visit.desk.done(mine, "move", {"unit_ids": [visit.desk.rooms[1]]})
    await sync(visit, mine, "730598")
    assert (await pin_of(visit, mine), await pin_of(visit, other)) == ("730598", "482913")
    rows = await visit.desk.sql(
        "SELECT lock_id, count(*), count(DISTINCT fingerprint) FROM access_pins"
        " WHERE wanted GROUP BY lock_id"
    )
    assert [(row[0], row[1], row[2]) for row in rows] == [(room_locks[1], 2, 2)]


async def test_a_pin_is_shown_as_its_lock_has_it(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant, guest = await visit.grant(booked), await visit.guest_of(booked)
    (row,) = await visit.desk.sql(
        "SELECT id FROM access_pins WHERE lock_id = :lock", lock=visit.hotel.front_door
    )

    def moved(state: PinState, *, lock: UUID | None = None, who: UUID | None = None) -> PinMoved:
        return PinMoved(
            credential=CredentialId(row.id),
            grant=GrantId(who or UUID(grant["id"])),
            lock=LockId(lock or visit.hotel.front_door),
            state=state,
            reason=None,
        )

    async def shown() -> dict[str, str]:
        return {door["name"]: door["pin_state"] for door in (await guest.stay())["doors"]}

    for state in (PinState.WRITTEN, PinState.READ_BACK, PinState.FIRST_USED):
        await visit.report(moved(state))
        assert await shown() == {"Front door": state.value, "Room 1 door": "wanted"}
    await visit.report_as(moved(PinState.WRITTEN), sequence=1)
    await visit.report_as(moved(PinState.FAILED, who=uuid4()), sequence=90)
    await visit.report_as(moved(PinState.FAILED), sequence=91, house_id=uuid4())
    await visit.work()
    assert (await shown())["Front door"] == "first_used"  # older, or not that house's to say
    # A replaced device counts from one again.
    await visit.report_as(moved(PinState.REMOVED), sequence=1, chain=2)
    await visit.work()
    assert (await shown())["Front door"] == "removed"


@pytest.mark.parametrize("role", ["cleaner", "read_only", "reception"])
async def test_who_may_see_a_pin(visit: Visit, role: str) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    person = await join(
        visit.database,
        visit.hotel.tenant.client,
        organisation_id=visit.hotel.organisation_id,
        role=Role(role),
    )
    answer = await person.post(f"/grants/{grant['id']}/links")
    assert answer.status_code == (200 if role == "reception" else 403)
    rows = await visit.desk.sql("SELECT action FROM audit_log WHERE action = 'access.links_shown'")
    assert len(rows) == (1 if role == "reception" else 0)


async def moved(
    visit: Visit, reservation: JsonDict, state: PinState, *, next_step: PinNext | None = None
) -> None:
    """The house tells of the wanted PIN of this stay at the front door."""
    grant = (await visit.grants(reservation))[0]
    (row,) = await visit.desk.sql(
        "SELECT id FROM access_pins WHERE lock_id = :lock AND grant_id = :grant"
        " ORDER BY wanted DESC, created_at DESC LIMIT 1",
        lock=visit.hotel.front_door,
        grant=UUID(grant["id"]),
    )
    fact = PinMoved(
        credential=CredentialId(row.id),
        grant=GrantId(UUID(grant["id"])),
        lock=LockId(visit.hotel.front_door),
        state=state,
        reason="pin_exists" if next_step else None,
        next=next_step,
    )
    await visit.report(fact)


async def test_digits_a_lock_refuses_are_replaced_at_all_locks_and_the_change_is_told(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    before = await pin_of(visit, booked)
    await moved(visit, booked, PinState.FAILED, next_step=PinNext.ANOTHER_PIN)
    after = await pin_of(visit, booked)
    assert after != before
    rows = await visit.desk.sql(
        "SELECT lock_id, count(*) FILTER (WHERE wanted) FROM access_pins GROUP BY lock_id"
    )
    assert sorted(row[1] for row in rows) == [1, 1]  # one PIN, at both of the stay's locks
    told = await visit.desk.sql(
        "SELECT count(*) FROM events_outbox WHERE name = 'access.pin_changed'"
    )
    assert told[0][0] == 1


async def test_a_lock_that_refuses_everything_gets_a_person_not_digits_for_ever(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    seen = {await pin_of(visit, booked)}
    for _ in range(8):
        await moved(visit, booked, PinState.FAILED, next_step=PinNext.ANOTHER_PIN)
        seen.add(await pin_of(visit, booked))
    assert len(seen) == MOST_REPLACED + 1
    (front,) = [
        each
        for each in (await visit.access(booked))["pins"]
        if each["wanted"] and each["lock_id"] == str(visit.hotel.front_door)
    ]
    assert (front["state"], front["words"]) == (
        "failed",
        "It is not in the lock. Somebody should look at the lock.",
    )


async def test_the_next_arrival_is_red_until_the_former_pin_is_proven_gone(visit: Visit) -> None:
    first = await visit.book([visit.desk.rooms[0]], 0, 2)
    await moved(visit, first, PinState.READ_BACK)
    second = await visit.book([visit.desk.rooms[1]], 0, 2)
    await moved(visit, second, PinState.READ_BACK)
    guest = await visit.guest_of(second)

    async def front() -> tuple[str | None, bool]:
        door = next(each for each in (await guest.stay())["doors"] if each["shared"])
        pins = (await visit.access(second))["pins"]
        return door["pin_reason"], any(each["former_since"] for each in pins)

    assert await front() == (None, False)  # both stay now: nobody is a former guest
    await visit.do(first, "cancel", {"reason": "ill"})
    assert await front() == (FORMER_PIN, True)
    await moved(visit, first, PinState.REMOVAL_UNCONFIRMED)
    assert await front() == (FORMER_PIN, True)
    words = next(each["pin_words"] for each in (await guest.stay())["doors"] if each["shared"])
    assert words.startswith("A former guest's PIN is not proven gone")
    await moved(visit, first, PinState.REMOVED)
    assert await front() == (None, False)
