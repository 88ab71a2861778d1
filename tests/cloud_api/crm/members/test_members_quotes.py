"""Does somebody who signed in get the discounts that are theirs, and nobody else?"""

import httpx

from tests.builders import JsonDict
from tests.cloud_api.crm.members.stage import EMAIL, Lobby


async def quoted(lobby: Lobby, http: httpx.AsyncClient, token: str = "") -> JsonDict:
    body = {
        "unit_ids": [str(lobby.hotel.room_units[0])],
        "check_in": lobby.desk.day(30).isoformat(),
        "check_out": lobby.desk.day(32).isoformat(),
    }
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await http.post("/api/v1/quotes", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: JsonDict = answer.json()
    return made


async def birthday(lobby: Lobby) -> None:
    await lobby.hotel.tenant.made(
        "/automatic-discounts",
        {"name": "Birthday", "trigger": "birthday", "off": {"percent": "15"}},
    )


async def test_the_birthday_discount_is_for_who_is_signed_in_and_born_that_month(
    lobby: Lobby, http: httpx.AsyncClient
) -> None:
    await birthday(lobby)
    month = lobby.desk.day(30).month
    await lobby.known(EMAIL, birth_date=f"1990-{month:02}-07")
    token = await lobby.signed_in()
    mine, strangers = await quoted(lobby, http, token), await quoted(lobby, http)
    assert mine["total"]["minor"] < strangers["total"]["minor"]


async def test_another_months_birthday_and_staff_get_the_plain_price(
    lobby: Lobby, http: httpx.AsyncClient
) -> None:
    await birthday(lobby)
    month = lobby.desk.day(30).month % 12 + 1
    await lobby.known(EMAIL, birth_date=f"1990-{month:02}-07")
    token = await lobby.signed_in()
    plain = await quoted(lobby, http)
    for asking in (token, lobby.hotel.tenant.token):
        assert (await quoted(lobby, http, asking))["total"] == plain["total"]


async def test_a_sign_in_that_is_over_is_said_and_not_priced_as_a_stranger(
    lobby: Lobby, http: httpx.AsyncClient
) -> None:
    await lobby.known(EMAIL)
    token = await lobby.signed_in()
    await lobby.ask("DELETE", "/sessions/current", token=token)
    body = {
        "unit_ids": [str(lobby.hotel.room_units[0])],
        "check_in": lobby.desk.day(30).isoformat(),
        "check_out": lobby.desk.day(32).isoformat(),
    }
    answer = await http.post(
        "/api/v1/quotes", json=body, headers={"authorization": f"Bearer {token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
