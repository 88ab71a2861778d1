"""Who sees bookings, and who may change them?"""

import pytest
from fastapi import FastAPI

from cloud_api.accounts.types import Role
from cloud_api.kit.db import Database
from tests.builders import Tenant, client_of, join
from tests.desk import Desk


async def test_another_organisation_sees_and_changes_nothing(desk: Desk, stranger: Tenant) -> None:
    booked = await desk.book([desk.rooms[0]], 3, 6)
    path = f"/reservations/{booked['id']}"
    answers = [await stranger.get(path), await stranger.post(f"{path}/move", {"guests": 1})]
    answers += [
        await stranger.post(f"{path}/{action}")
        for action in ("confirm", "cancel", "extend-hold", "check-in")
    ]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}
    assert (await stranger.get("/reservations")).json()["total"] == 0
    assert (await stranger.get("/reservations.csv")).text.count("\n") == 1
    assert await desk.status(booked) == "confirmed"


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (Role.MANAGER, True, True),
        (Role.RECEPTION, True, True),
        (Role.READ_ONLY, True, False),
        (Role.CLEANER, False, False),
    ],
)
async def test_roles_see_and_change_what_they_may(
    desk: Desk, cloud_app: FastAPI, database: Database, role: Role, *, reads: bool, writes: bool
) -> None:
    async with client_of(cloud_app) as client:
        person = await join(database, client, organisation_id=desk.hotel.organisation_id, role=role)
        seen = await person.get("/reservations")
        made = await person.post("/reservations", desk.wish([desk.rooms[0]], 3, 4))
    assert seen.status_code == (200 if reads else 403)
    assert made.status_code == (201 if writes else 403)


async def test_nobody_without_a_login_reads_or_changes_bookings(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 3, 6)
    client = desk.hotel.tenant.client
    for method, path in (
        ("GET", "/reservations"),
        ("GET", "/reservations.csv"),
        ("GET", f"/reservations/{booked['id']}"),
        ("POST", f"/reservations/{booked['id']}/cancel"),
        ("POST", "/admin/jobs/reservations/expire-holds"),
    ):
        assert (await client.request(method, f"/api/v1{path}")).status_code == 401, path
