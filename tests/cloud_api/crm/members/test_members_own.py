"""What does somebody see and change of themselves, and how often?"""

from datetime import timedelta

from portero.simulators.facebook import Facebook
from tests.cloud_api.crm.members.stage import EMAIL, PHONE, Lobby

APP = {"app_id": "138483919580948", "app_secret": "facebook-app-secret"}


async def test_a_member_changes_name_language_and_birth_date_and_it_is_on_record(
    lobby: Lobby,
) -> None:
    person = await lobby.known(EMAIL, notes="snores")
    token = await lobby.signed_in()
    patch = {"name": "Rosa Luz", "language": "es", "birth_date": "1990-02-01"}
    changed = await lobby.ask("PATCH", "/me", patch, token=token)
    assert changed.status_code == 200, changed.text
    assert {key: changed.json()[key] for key in patch} == patch
    assert "snores" not in changed.text
    unborn = {"birth_date": (lobby.desk.day(2)).isoformat()}
    refused = await lobby.ask("PATCH", "/me", unborn, token=token)
    assert (refused.status_code, refused.json()["code"]) == (422, "born_later")
    lines = (await lobby.hotel.tenant.get("/audit", object_id=person["id"])).json()["items"]
    assert (lines[0]["action"], lines[0]["actor_kind"]) == ("clients.client_changed", "guest")
    assert "Luz" not in str(lines)


async def test_a_new_contact_is_theirs_when_its_code_came_back(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    new = {"channel": "email", "contact": "Rosa.New@example.org"}
    asked = await lobby.post("/me/contacts", new, token=token)
    assert asked.status_code == 202, asked.text
    await lobby.work()
    code = {"code_id": asked.json()["code_id"], "code": lobby.read("rosa.new@example.org")}
    proven = await lobby.post("/me/contacts/proofs", code, token=token)
    assert proven.status_code == 200, proven.text
    values = {each["value"]: each["proven"] for each in proven.json()["contacts"]}
    assert values == {EMAIL: True, "rosa.new@example.org": True}
    assert await lobby.signed_in("rosa.new@example.org")


async def test_a_code_for_a_contact_is_only_its_askers(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    mallory = await lobby.registered("mallory@example.org")
    new = {"channel": "email", "contact": "new@example.org"}
    asked = (await lobby.post("/me/contacts", new, token=token)).json()
    await lobby.work()
    code = {"code_id": asked["code_id"], "code": lobby.read("new@example.org")}
    refused = await lobby.post("/me/contacts/proofs", code, token=mallory)
    assert (refused.status_code, refused.json()["code"]) == (401, "code_wrong")


async def test_somebody_elses_contact_stays_theirs_and_is_not_told_before_it_is_proven(
    lobby: Lobby,
) -> None:
    await lobby.known(EMAIL)
    await lobby.hotel.tenant.made(
        "/clients",
        {"name": "Ana", "contacts": [{"kind": "email", "value": "ana@example.org"}]},
    )
    token = await lobby.signed_in()
    new = {"channel": "email", "contact": "ana@example.org"}
    asked = await lobby.post("/me/contacts", new, token=token)
    assert asked.status_code == 202
    await lobby.work()
    code = {"code_id": asked.json()["code_id"], "code": lobby.read("ana@example.org")}
    taken = await lobby.post("/me/contacts/proofs", code, token=token)
    assert (taken.status_code, taken.json()["code"]) == (409, "contact_taken")
    assert "client_id" not in taken.json()


async def test_the_last_contact_that_signs_in_is_kept(lobby: Lobby) -> None:
    await lobby.known(EMAIL, PHONE)
    token = await lobby.signed_in()
    contacts = (await lobby.ask("GET", "/me", token=token)).json()["contacts"]
    first, last = [
        await lobby.ask("DELETE", f"/me/contacts/{each['id']}", token=token) for each in contacts
    ]
    assert first.status_code == 204
    assert (last.status_code, last.json()["code"]) == (409, "last_contact")


async def test_stays_are_pending_upcoming_or_past(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    contact = {"name": "Rosa", "email": EMAIL}
    rooms = lobby.desk.rooms
    held = await lobby.desk.hold([rooms[0]], 3, 5, contact=contact)
    coming = await lobby.desk.book([rooms[1]], 0, 2, contact=contact)
    gone = await lobby.desk.book([rooms[2]], 0, 1, contact=contact)
    cancelled = await lobby.desk.book([rooms[3]], 0, 2, contact=contact)
    await lobby.desk.do(cancelled, "cancel", {"reason": "ill"})
    token = await lobby.signed_in()
    lobby.clock.advance(timedelta(days=1))

    async def ids(which: str) -> set[str]:
        answer = await lobby.ask("GET", "/me/stays", token=token, which=which)
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json()["items"]}

    assert await ids("pending") == {held["id"]}
    assert await ids("upcoming") == {coming["id"]}
    assert await ids("past") == {gone["id"], cancelled["id"]}
    page = await lobby.ask("GET", "/me/stays", token=token, which="past", limit="1")
    assert (len(page.json()["items"]), page.json()["total"], page.json()["next"]) == (1, 2, 1)


async def test_nobody_sees_anothers_stays(lobby: Lobby) -> None:
    contact = {"name": "Ana", "email": "ana@example.org"}
    await lobby.desk.book([lobby.desk.rooms[0]], 0, 2, contact=contact)
    token = await lobby.registered()
    for which in ("pending", "upcoming", "past"):
        answer = await lobby.ask("GET", "/me/stays", token=token, which=which)
        assert answer.json()["total"] == 0


async def test_who_deletes_the_account_is_forgotten_and_nights_stay(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    contact = {"name": "Rosa", "email": EMAIL}
    booked = await lobby.desk.book([lobby.desk.rooms[0]], 0, 2, contact=contact)
    token = await lobby.signed_in()
    refused = await lobby.ask("DELETE", "/me", token=token)
    assert (refused.status_code, refused.json()["code"]) == (409, "stay_not_over")
    await lobby.desk.do(booked, "cancel", {"reason": "ill"})
    assert (await lobby.ask("DELETE", "/me", token=token)).status_code == 204
    assert (await lobby.ask("GET", "/me", token=token)).status_code == 401
    for table in ("client_accounts", "client_sessions", "client_codes", "client_contacts"):
        assert await lobby.sql(f"SELECT 1 FROM {table}") == []  # noqa: S608 - our own tables
    kept = (await lobby.hotel.tenant.get(f"/reservations/{booked['id']}")).json()
    assert (kept["check_in"], kept["contact"]["name"]) == (booked["check_in"], "Erased person")


async def test_a_facebook_account_is_linked_when_facebook_vouches_for_it(
    lobby: Lobby, facebook: Facebook
) -> None:
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    given = {"access_token": facebook.log_in("1001", name="Rosa at Facebook")}
    nowhere = await lobby.ask("PUT", "/me/facebook", given, token=token)
    assert (nowhere.status_code, nowhere.json()["code"]) == (409, "facebook_not_here")
    kept = await lobby.hotel.tenant.put("/facebook-app", APP)
    assert APP["app_secret"] not in kept.text + (await lobby.hotel.tenant.get("/audit")).text
    linked = await lobby.ask("PUT", "/me/facebook", given, token=token)
    assert linked.json()["facebook"] == {"id": "1001", "name": "Rosa at Facebook"}
    assert (await lobby.ask("DELETE", "/me/facebook", token=token)).status_code == 204
    assert (await lobby.ask("GET", "/me", token=token)).json()["facebook"] is None


async def test_a_token_of_another_application_or_ended_or_taken_back_links_nobody(
    lobby: Lobby, facebook: Facebook
) -> None:
    await lobby.hotel.tenant.put("/facebook-app", APP)
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    back = facebook.log_in("1001")
    facebook.log_out(back)
    tokens = [
        facebook.log_in("1001", app_id="999999999"),
        facebook.log_in("1001", lasts=timedelta(seconds=-1)),
        back,
        "EAABnever-given-out",
    ]
    for each in tokens:
        refused = await lobby.ask("PUT", "/me/facebook", {"access_token": each}, token=token)
        assert (refused.status_code, refused.json()["code"]) == (422, "facebook_token_wrong")
        assert each not in refused.text
    assert (await lobby.ask("GET", "/me", token=token)).json()["facebook"] is None


async def test_one_facebook_account_is_one_persons(lobby: Lobby, facebook: Facebook) -> None:
    await lobby.hotel.tenant.put("/facebook-app", APP)
    for number, contact in enumerate((EMAIL, "ana@example.org")):
        token = await lobby.registered(contact)
        given = {"access_token": facebook.log_in("1001")}
        answer = await lobby.ask("PUT", "/me/facebook", given, token=token)
        assert answer.status_code == (200, 409)[number], answer.text


async def test_a_wrong_secret_of_ours_is_not_the_persons_fault(
    lobby: Lobby, facebook: Facebook
) -> None:
    await lobby.hotel.tenant.put("/facebook-app", {**APP, "app_secret": "another secret"})
    token = await lobby.registered()
    given = {"access_token": facebook.log_in("1001")}
    refused = await lobby.ask("PUT", "/me/facebook", given, token=token)
    assert (refused.status_code, refused.json()["code"]) == (503, "facebook_unavailable")


async def test_each_tier_asks_as_often_as_settings_say_and_strangers_too(lobby: Lobby) -> None:
    tenant = lobby.hotel.tenant
    wanted = (await tenant.get("/client-tiers")).json()
    assert wanted["allowances"]["new"] == {"per_minute": 600, "per_day": 1000}
    assert wanted["anonymous_per_minute"] == 60
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    wanted["allowances"]["new"] = {"per_minute": 2, "per_day": 1000}
    wanted["anonymous_per_minute"] = 1
    assert (await tenant.put("/client-tiers", wanted)).status_code == 200
    answers = [await lobby.ask("GET", "/me", token=token) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[-1].json()["retry_after"] > 0
    assert "retry-after" in answers[-1].headers
    lobby.address = "198.51.100.9"
    strangers = [await lobby.post("/codes", lobby.wish()) for _ in range(2)]
    assert [each.status_code for each in strangers] == [202, 429]
