"""May each role do what its row of the table says, and nothing else?"""

from uuid import uuid4

import httpx
import pytest

from cloud_api.accounts.rules import PERMISSIONS, may_manage
from cloud_api.accounts.types import Permission, Role
from cloud_api.kit.db import Database
from tests.builders import PASSWORD, Tenant, join

ID = "00000000-0000-4000-8000-000000000000"
_PROPERTY = {"name": "Casa", "region": "PE"}
# One request for each permission that these rooms ask for.
DOORS: list[tuple[Permission, str, str, object]] = [
    (Permission.ORGANISATION_READ, "GET", "/organisation", None),
    (Permission.ORGANISATION_WRITE, "PATCH", "/organisation", {"name": "New"}),
    (Permission.STAFF_READ, "GET", "/staff", None),
    (Permission.STAFF_WRITE, "DELETE", f"/staff/{ID}", None),
    (Permission.API_KEYS_READ, "GET", "/api-keys", None),
    (Permission.API_KEYS_WRITE, "DELETE", f"/api-keys/{ID}", None),
    (Permission.AUDIT_READ, "GET", "/audit", None),
    (Permission.PROPERTIES_READ, "GET", "/properties", None),
    (Permission.PROPERTIES_READ, "GET", f"/units/{ID}", None),
    (Permission.PROPERTIES_WRITE, "POST", "/properties", _PROPERTY),
    (Permission.PROPERTIES_WRITE, "DELETE", f"/locks/{ID}", None),
    (Permission.CLIENTS_READ, "GET", "/clients", None),
    (Permission.CLIENTS_WRITE, "POST", "/clients", {"name": "Rosa"}),
]


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_passes_the_doors_of_its_permissions_only(
    owner: Tenant, database: Database, http: httpx.AsyncClient, role: Role
) -> None:
    person = await join(database, http, organisation_id=owner.organisation_id, role=role)
    shown = (await person.get("/me")).json()
    assert set(shown["permissions"]) == set(PERMISSIONS[role])
    for permission, method, path, body in DOORS:
        answer = await http.request(method, f"/api/v1{path}", json=body, headers=person.headers)
        refused = answer.status_code == 403 and answer.json()["code"] == "forbidden"
        assert refused is (permission not in PERMISSIONS[role]), (role, method, path)


@pytest.mark.parametrize(("_permission", "method", "path", "body"), DOORS)
async def test_nobody_passes_without_logging_in(
    http: httpx.AsyncClient, _permission: Permission, method: str, path: str, body: object
) -> None:
    answer = await http.request(method, f"/api/v1{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def _new(role: Role) -> dict[str, str]:
    return {
        "email": f"{uuid4().hex}@example.org",
        "name": "New",
        "role": role,
        "password": "long enough for us",
    }


@pytest.mark.parametrize("actor_role", [Role.OWNER, Role.MANAGER])
@pytest.mark.parametrize("target_role", list(Role))
async def test_nobody_makes_or_changes_anybody_above_their_reach(
    owner: Tenant,
    database: Database,
    http: httpx.AsyncClient,
    actor_role: Role,
    target_role: Role,
) -> None:
    actor = await join(database, http, organisation_id=owner.organisation_id, role=actor_role)
    target = await join(database, http, organisation_id=owner.organisation_id, role=target_role)
    allowed = may_manage(actor_role, target_role)
    hired = await actor.post("/staff", _new(target_role))
    changed = await actor.patch(f"/staff/{target.staff_id}", {"name": "Other"})
    keyed = await actor.post("/api-keys", {"name": "bot", "role": target_role})
    codes = [hired.status_code, changed.status_code, keyed.status_code]
    assert codes == ([201, 200, 201] if allowed else [403, 403, 403])


async def test_a_manager_cannot_raise_somebody_to_owner(
    owner: Tenant, database: Database, http: httpx.AsyncClient
) -> None:
    manager = await join(database, http, organisation_id=owner.organisation_id, role=Role.MANAGER)
    desk = await join(database, http, organisation_id=owner.organisation_id, role=Role.RECEPTION)
    answer = await manager.patch(f"/staff/{desk.staff_id}", {"role": "owner"})
    assert (answer.status_code, answer.json()["code"]) == (403, "role_out_of_reach")


@pytest.mark.parametrize("change", [{"active": False}, {"role": "manager"}])
async def test_the_last_owner_stays(owner: Tenant, change: dict[str, object]) -> None:
    answer = await owner.patch(f"/staff/{owner.staff_id}", change)
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert (await owner.get("/me")).status_code == 200


async def test_a_dismissed_person_is_out_at_once_and_cannot_come_back(
    owner: Tenant, database: Database, http: httpx.AsyncClient
) -> None:
    desk = await join(database, http, organisation_id=owner.organisation_id, role=Role.RECEPTION)
    assert (await owner.delete(f"/staff/{desk.staff_id}")).status_code == 204
    assert (await desk.get("/me")).status_code == 401
    log_in = {"email": desk.email, "password": PASSWORD}
    assert (await http.post("/api/v1/sessions", json=log_in)).status_code == 401
    shown = (await owner.get(f"/staff/{desk.staff_id}")).json()
    assert shown["active"] is False


async def test_a_mail_address_has_one_account(owner: Tenant, stranger: Tenant) -> None:
    body = _new(Role.CLEANER)
    assert (await owner.post("/staff", body)).status_code == 201
    again = await stranger.post("/staff", {**body, "email": body["email"].upper()})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


async def test_a_key_works_until_it_is_revoked_and_is_shown_once(
    owner: Tenant, http: httpx.AsyncClient
) -> None:
    made = await owner.made("/api-keys", {"name": "bot", "role": "read_only"})
    bearer = {"authorization": f"Bearer {made['token']}"}
    assert (await http.get("/api/v1/me", headers=bearer)).json()["kind"] == "api_key"
    assert (
        await http.post("/api/v1/clients", json={"name": "x"}, headers=bearer)
    ).status_code == 403
    listed = (await owner.get("/api-keys")).json()["items"][0]
    assert listed["last_used_at"] is not None
    assert made["token"] not in str(listed)
    assert made["token"].startswith(listed["prefix"])
    assert (await owner.delete(f"/api-keys/{made['id']}")).status_code == 204
    assert (await http.get("/api/v1/me", headers=bearer)).status_code == 401


async def test_what_staff_do_is_on_record_without_passwords(owner: Tenant) -> None:
    made = await owner.made("/staff", _new(Role.CLEANER))
    await owner.patch(f"/staff/{made['id']}", {"name": "Other", "password": "another long one"})
    record = (await owner.get("/audit", object_id=made["id"])).json()["items"]
    assert [each["action"] for each in record] == [
        "accounts.staff_changed",
        "accounts.staff_created",
    ]
    assert record[0]["before"]["name"] == "New"
    assert record[0]["after"]["name"] == "Other"
    assert record[0]["actor_id"] == str(owner.staff_id)
    assert record[0]["request_id"]
    assert "long" not in str(record)


async def test_the_organisation_is_renamed(owner: Tenant) -> None:
    assert (await owner.patch("/organisation", {"name": "Casas"})).json()["name"] == "Casas"
    assert (await owner.get("/organisation")).json()["name"] == "Casas"
