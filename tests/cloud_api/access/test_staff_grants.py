"""Does a grant of staff hold no longer and open no more than property and role allow?"""

from datetime import timedelta

import pytest

from cloud_api.access import jobs
from cloud_api.accounts.types import Role
from tests.builders import JsonDict, Tenant, client_of, join
from tests.cloud_api.access.stage import Visit


async def hire(visit: Visit, role: Role) -> Tenant:
    organisation_id = visit.hotel.organisation_id
    return await join(
        visit.database, client_of(visit.app), organisation_id=organisation_id, role=role
    )


def wish(visit: Visit, person: Tenant, hours: float = 2, **other: object) -> dict[str, object]:
    now = visit.clock.utc_now()
    return {
        "house_id": str(visit.hotel.house_id),
        "staff_id": str(person.staff_id),
        "name": "Rosa",
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=hours)).isoformat(),
        **other,
    }


async def ask(visit: Visit, wanted: dict[str, object]) -> tuple[int, JsonDict]:
    answer = await visit.hotel.tenant.post("/grants/staff", wanted)
    return answer.status_code, answer.json()


async def run_the_clock(visit: Visit) -> dict[str, int]:
    async with visit.database.transaction() as session:
        return await jobs.end_gone_staff(session, visit.clock)


async def state_of(visit: Visit, grant: JsonDict) -> tuple[str, str | None]:
    found = (await visit.hotel.tenant.get(f"/grants/{grant['id']}")).json()
    return found["state"], found["reason"]


@pytest.mark.parametrize(
    ("hours", "may_override"),
    [(30 * 24, False), (24, True)],
    ids=["staff", "override"],
)
async def test_the_longest_window_is_the_propertys(
    visit: Visit, hours: int, *, may_override: bool
) -> None:
    person = await hire(visit, Role.RECEPTION)
    status, refused = await ask(visit, wish(visit, person, hours + 0.1, may_override=may_override))
    assert (status, refused["code"], refused["most_hours"]) == (422, "window_too_long", hours)
    status, _ = await ask(visit, wish(visit, person, hours, may_override=may_override))
    assert status == 201
    longer = {"staff_grant_days": 60, "override_hours": 48}
    patched = await visit.hotel.tenant.patch(f"/properties/{visit.hotel.property_id}", longer)
    assert patched.status_code == 200, patched.text
    status, _ = await ask(visit, wish(visit, person, 2 * hours, may_override=may_override))
    assert status == 201


async def test_a_role_opens_what_it_may(visit: Visit) -> None:
    cleaner, reader = await hire(visit, Role.CLEANER), await hire(visit, Role.READ_ONLY)
    status, made = await ask(visit, wish(visit, cleaner))
    assert status == 201
    assert {right.partition(":")[0] for right in made["rights"]} == {"door"}
    for wanted in (wish(visit, reader), wish(visit, cleaner, may_override=True)):
        status, refused = await ask(visit, wanted)
        assert (status, refused["code"]) == (422, "role_forbids")


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.CLEANER])
async def test_a_lesser_role_ends_the_grants_that_need_more(visit: Visit, role: Role) -> None:
    person, other = await hire(visit, Role.RECEPTION), await hire(visit, Role.CLEANER)
    _, grant = await ask(visit, wish(visit, person))
    _, kept = await ask(visit, wish(visit, other))
    assert await run_the_clock(visit) == {"ended": 0}
    changed = await visit.hotel.tenant.patch(f"/staff/{person.staff_id}", {"role": role})
    assert changed.status_code == 200, changed.text
    assert await run_the_clock(visit) == {"ended": 1}
    assert await state_of(visit, grant) == ("revoked", "role_changed")
    assert await state_of(visit, kept) == ("active", None)


async def test_dismissed_staff_lose_their_grants(visit: Visit) -> None:
    person = await hire(visit, Role.RECEPTION)
    _, grant = await ask(visit, wish(visit, person))
    await visit.hotel.tenant.delete(f"/staff/{person.staff_id}")
    await run_the_clock(visit)
    assert await state_of(visit, grant) == ("revoked", "staff_gone")
