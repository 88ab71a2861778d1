"""Does a code let in its reader alone, and does a stranger learn nothing?"""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from cloud_api.migrations.tables import all_metadata
from tests.cloud_api.crm.members.stage import EMAIL, PHONE, Lobby, but_ids

WRONG = {"code_id": str(uuid4()), "code": "000000"}


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_who_reads_the_code_is_signed_in_and_the_code_works_once(lobby: Lobby) -> None:
    person = await lobby.known(EMAIL)
    asked = (await lobby.post("/codes", lobby.wish())).json()
    await lobby.whole_worker()
    given = {"code_id": asked["code_id"], "code": lobby.read()}
    opened = await lobby.post("/sessions", given)
    assert opened.status_code == 201, opened.text
    shown = (await lobby.ask("GET", "/me", token=opened.json()["token"])).json()
    assert (shown["id"], shown["name"], shown["tier"]) == (person["id"], "Rosa", "new")
    again = await lobby.post("/sessions", given)
    assert (again.status_code, again.json()["code"]) == (401, "code_wrong")


async def test_a_member_is_no_staff_and_staff_no_member(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    theirs = {"authorization": f"Bearer {token}"}
    refused = await lobby.hotel.tenant.client.get("/api/v1/clients", headers=theirs)
    assert refused.status_code == 401
    assert (await lobby.ask("GET", "/me", token=lobby.hotel.tenant.token)).status_code == 401


async def test_known_and_unknown_people_get_the_same_answer(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    for purpose in ("sign_in", "password", "register"):
        known = await lobby.post("/codes", lobby.wish(purpose))
        unknown = await lobby.post("/codes", lobby.wish(purpose, "nobody@example.org"))
        assert known.status_code == unknown.status_code == 202
        assert but_ids(known.json()) == but_ids(unknown.json())
        assert set(known.headers) == set(unknown.headers)


async def test_a_code_goes_to_who_is_known_and_to_nobody_else(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    await lobby.wanted("sign_in")
    await lobby.wanted("sign_in", "nobody@example.org")
    await lobby.wanted("password", "nobody@example.org")
    assert [to for to, _ in lobby.mailbox.mails] == [EMAIL]


async def test_a_wrong_old_used_or_unknown_code_is_refused_in_the_same_words(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    given = await lobby.code()
    wrong = await lobby.post("/sessions", {**given, "code": other(given["code"])})
    unknown = await lobby.post("/sessions", WRONG)
    nobodys = await lobby.wanted("sign_in", "nobody@example.org")
    unsent = await lobby.post("/sessions", {"code_id": nobodys["code_id"], "code": "000000"})
    purpose = await lobby.post("/passwords", {**given, "password": "tulip-rain-42"})
    lobby.clock.advance(timedelta(minutes=10, seconds=1))
    old = await lobby.post("/sessions", given)
    answers = [wrong, unknown, unsent, purpose, old]
    assert {each.status_code for each in answers} == {401}
    assert len({str(but_ids(each.json())) for each in answers}) == 1


async def test_a_code_works_for_ten_minutes(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    given = await lobby.code()
    lobby.clock.advance(timedelta(minutes=9, seconds=59))
    assert (await lobby.post("/sessions", given)).status_code == 201


async def test_after_five_wrong_tries_the_right_code_does_not_work(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    given = await lobby.code()
    for _ in range(5):
        wrong = await lobby.post("/sessions", {**given, "code": other(given["code"])})
        assert wrong.status_code == 401
    assert (await lobby.post("/sessions", given)).status_code == 401
    assert (await lobby.sql("SELECT tries FROM client_codes"))[0].tries == 5


@pytest.mark.timeout(300)
async def test_a_thousand_guesses_from_several_places_open_nothing(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    given = await lobby.code()
    outcomes = []
    for guess in range(1000):
        lobby.address = f"192.0.2.{guess % 4}"
        # The right one is among them, after the tries are used up.
        code = given["code"] if guess > 5 and guess % 7 == 0 else f"{guess:06d}"
        if code == given["code"] and guess <= 5:
            continue
        answer = await lobby.post("/sessions", {**given, "code": code})
        outcomes.append(answer.status_code)
    assert set(outcomes) <= {401, 429}
    assert await lobby.sql("SELECT 1 FROM client_sessions") == []


async def test_codes_are_asked_for_in_measure_by_person_and_by_address(lobby: Lobby) -> None:
    answers = [await lobby.post("/codes", lobby.wish()) for _ in range(4)]
    assert [each.status_code for each in answers] == [202, 202, 202, 429]
    assert answers[-1].json()["retry_after"] > 0
    lobby.address = "198.51.100.7"
    assert (await lobby.post("/codes", lobby.wish())).status_code == 202
    codes = [
        (await lobby.post("/codes", lobby.wish(contact=f"p{n}@example.org"))).status_code
        for n in range(20)
    ]
    assert codes[-1] == 429


async def test_one_number_in_other_forms_is_counted_as_one(lobby: Lobby) -> None:
    forms = ["987654321", "+51 987 654 321", "(987) 654-321", "0051987654321"]
    answers = [await lobby.post("/codes", lobby.wish(contact=each)) for each in forms]
    assert [each.status_code for each in answers] == [202, 202, 202, 429]


async def test_what_is_no_contact_is_said_so(lobby: Lobby) -> None:
    answer = await lobby.post("/codes", lobby.wish(contact="call me"))
    assert (answer.status_code, answer.json()["code"]) == (422, "contact_invalid")


async def test_no_table_and_no_log_holds_a_code_in_clear(
    lobby: Lobby, capsys: pytest.CaptureFixture[str]
) -> None:
    await lobby.known(EMAIL)
    answer = await lobby.post("/codes", lobby.wish())
    rows = await everything(lobby)
    await lobby.work()
    code = lobby.read()
    assert code not in answer.text
    for held in (rows, await everything(lobby)):
        assert not [table for table, text in held.items() if f'"{code}"' in text]
        assert not [table for table, text in held.items() if f"{code} " in text]
    told = capsys.readouterr()
    assert code not in told.out + told.err


async def everything(lobby: Lobby) -> dict[str, str]:
    found = {}
    async with lobby.database.transaction() as session:
        for table in sorted(all_metadata().tables):
            rows = await session.scalars(
                text(f"SELECT CAST(to_jsonb(t) AS text) FROM {table} AS t")  # noqa: S608 - our own tables
            )
            found[table] = "\n".join(rows)
    return found


async def test_somebody_new_becomes_known_and_needs_no_booking(lobby: Lobby) -> None:
    token = await lobby.registered(language="es")
    shown = (await lobby.ask("GET", "/me", token=token)).json()
    assert (shown["name"], shown["language"], shown["has_password"]) == ("Rosa", "es", False)
    listed = (await lobby.hotel.tenant.get("/clients", query=EMAIL)).json()
    assert [each["id"] for each in listed["items"]] == [shown["id"]]


async def test_who_is_known_and_registers_is_signed_in_and_keeps_the_name(lobby: Lobby) -> None:
    person = await lobby.known(EMAIL)
    given = await lobby.code("register")
    opened = await lobby.post("/registrations", {**given, "name": "Somebody Else"})
    shown = (await lobby.ask("GET", "/me", token=opened.json()["token"])).json()
    assert (shown["id"], shown["name"]) == (person["id"], "Rosa")


@pytest.mark.parametrize("password", ["short1", "onlyletters", "12345678901"])
async def test_a_password_has_eight_characters_a_letter_and_a_digit(
    lobby: Lobby, password: str
) -> None:
    body = {**WRONG, "name": "Rosa", "password": password}
    refused = await lobby.post("/registrations", body)
    assert refused.status_code == 422
    assert password not in refused.text


async def test_a_password_signs_in_by_mail_address_and_number_in_any_form(lobby: Lobby) -> None:
    await lobby.known(EMAIL, PHONE)
    given = await lobby.code("password")
    reset = await lobby.post("/passwords", {**given, "password": "tulip-rain-42"})
    assert reset.status_code == 201, reset.text
    place = str(lobby.hotel.property_id)
    for contact in ("Rosa@Example.org", "987 654 321", "+51987654321"):
        body = {"property_id": place, "contact": contact, "password": "tulip-rain-42"}
        opened = await lobby.post("/sessions/password", body)
        assert opened.status_code == 201, opened.text


async def test_an_unknown_person_and_a_wrong_password_are_refused_in_the_same_words(
    lobby: Lobby,
) -> None:
    await lobby.registered(password="tulip-rain-42")
    place = str(lobby.hotel.property_id)
    contacts = (EMAIL, "nobody@example.org", "987654321", "gibberish")
    answers = [
        await lobby.post(
            "/sessions/password", {"property_id": place, "contact": each, "password": "wrong-1234"}
        )
        for each in contacts
    ]
    assert {each.status_code for each in answers} == {401}
    assert {each.json()["code"] for each in answers} == {"sign_in_wrong"}
    assert len({str(but_ids(each.json())) for each in answers}) == 1


async def test_passwords_are_tried_in_measure(lobby: Lobby) -> None:
    body = {"property_id": str(lobby.hotel.property_id), "contact": EMAIL, "password": "wrong-1"}
    answers = [await lobby.post("/sessions/password", body) for _ in range(11)]
    assert [each.status_code for each in answers] == [401] * 10 + [429]


async def test_every_session_dies_when_the_password_is_reset(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    old = await lobby.signed_in()
    given = await lobby.code("password")
    fresh = (await lobby.post("/passwords", {**given, "password": "tulip-rain-42"})).json()
    assert (await lobby.ask("GET", "/me", token=old)).status_code == 401
    assert (await lobby.ask("GET", "/me", token=fresh["token"])).json()["has_password"]


async def test_who_logs_out_is_out_and_a_session_ends_after_thirty_days(lobby: Lobby) -> None:
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    assert (await lobby.ask("DELETE", "/sessions/current", token=token)).status_code == 204
    assert (await lobby.ask("GET", "/me", token=token)).status_code == 401
    other_one = await lobby.signed_in()
    lobby.clock.advance(timedelta(days=30, seconds=1))
    assert (await lobby.ask("GET", "/me", token=other_one)).status_code == 401


async def test_a_number_that_a_booking_only_named_opens_nobodys_account(lobby: Lobby) -> None:
    """A stranger books under somebody's mail address and with a mail address of their own."""
    person = await lobby.known(PHONE)
    contact = {"name": "Mallory", "phone": PHONE, "email": "mallory@example.org"}
    booked = await lobby.desk.book([lobby.desk.rooms[0]], 0, 2, contact=contact)
    assert booked["client_id"] == person["id"]
    await lobby.wanted("sign_in", "mallory@example.org")
    assert lobby.mailbox.mails == []
    token = await lobby.registered("mallory@example.org")
    shown = (await lobby.ask("GET", "/me", token=token)).json()
    assert shown["id"] != person["id"]
    assert (await lobby.ask("GET", "/me/stays", token=token, which="upcoming")).json()["total"] == 0
