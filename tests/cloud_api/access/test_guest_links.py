"""Does a link open its own stay only, and does it end when it should?"""

import asyncio
import io
import re
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import structlog

from cloud_api.kit import logs
from cloud_api.kit.db import Database
from tests.builders import SmallHotel, build_small_hotel, client_of, found_tenant
from tests.cloud_api.access.stage import Person, Visit, instant
from tests.cloud_api.access.wire import Wire


async def test_a_link_shows_its_own_stay(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    links = await visit.links(grant)
    stay = await (await visit.sign_in(links["cloud_url"])).stay()
    assert stay["grant_id"] == grant["id"]
    assert [(door["name"], door["may_open"], door["pin_state"]) for door in stay["doors"]] == [
        ("Front door", True, "wanted"),
        ("Room 1 door", True, "wanted"),
    ]
    assert [player["name"] for player in stay["players"]] == ["Living room"]
    assert (stay["pin"], stay["lan_secret"]) == (links["pin"], links["lan_secret"])
    assert (stay["zone"], stay["house_online"]) == ("America/Lima", False)
    assert (stay["starts"], stay["ends"]) == (grant["starts"], grant["ends"])


async def test_the_stay_names_its_links_in_the_house_and_when_to_use_them(
    wire: Wire, visit: Visit
) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    assert (await guest.stay())["lan"] is None
    await visit.desk.sql(
        "UPDATE houses SET lan_addresses = '{http://casa.local,http://[fd00::20]\\:8480}'"
    )
    away = await guest.stay()
    secret = away["lan_secret"]
    assert away["lan"]["links"] == [
        f"http://casa.local/#{secret}",
        f"http://[fd00::20]:8480/#{secret}",
    ]
    assert (away["lan"]["reason"], away["lan"]["offer_after_seconds"]) == ("house_offline", 0)
    async with wire.running():
        await until_key(guest, "in_house")
        there = (await guest.stay())["lan"]
    assert (there["reason"], there["offer_after_seconds"]) == ("cloud_slow", 4)
    assert there["words"]


async def test_the_key_is_where_the_house_has_proved_it_to_be(wire: Wire, visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    assert (await guest.stay())["key_state"] == "on_the_way"
    async with wire.running():
        await until_key(guest, "in_house")
    # Away again: somebody else's booking concerns this key in no way.
    await visit.book([visit.desk.rooms[1]])
    assert (await guest.stay())["key_state"] == "in_house"
    await visit.desk.sql("UPDATE fleet_houses SET frozen = true, frozen_reason = 'ahead'")
    assert (await guest.stay())["key_state"] == "frozen"


async def test_without_a_device_there_is_no_key_yet(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    assert (await guest.stay())["key_state"] == "not_enrolled"


async def until_key(guest: Person, state: str) -> None:
    async with asyncio.timeout(10):
        while (await guest.stay())["key_state"] != state:  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.02)


async def test_unknown_ended_rotated_and_lan_secrets_are_refused_alike(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    old = await visit.links(grant)
    new = await visit.links(grant, renew=True)
    gone = await visit.book([visit.desk.rooms[1]])
    gone_links = await visit.links(await visit.grant(gone))
    await visit.do(gone, "cancel", {"reason": "ill"})
    secrets = [
        old["cloud_url"].partition("#")[2],
        new["lan_secret"],
        gone_links["cloud_url"].partition("#")[2],
        "f" * 64,
    ]
    answers = [await visit.try_link(secret) for secret in secrets]
    await visit.at(instant(grant["ends"]))
    answers.append(await visit.try_link(new["cloud_url"].partition("#")[2]))
    documents = [{**each.json(), "request_id": ""} for each in answers]
    assert [each.status_code for each in answers] == [401] * 5
    assert documents == [documents[0]] * 5


async def test_a_new_generation_ends_the_old_link_its_sessions_and_the_lan_secret(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    old = await visit.links(grant)
    guest = await visit.sign_in(old["cloud_url"])
    new = await visit.links(grant, renew=True)
    assert (await guest.get("/stay")).status_code == 401
    assert (await visit.try_link(old["cloud_url"].partition("#")[2])).status_code == 401
    assert (await (await visit.sign_in(new["cloud_url"])).stay())["pin"] == old["pin"] == new["pin"]
    rows = await visit.desk.sql("SELECT generation, lan_secret_hash FROM fleet_grants")
    hashes = await visit.desk.sql("SELECT lan_hash FROM access_grants")
    assert [(row.generation, row.lan_secret_hash) for row in rows] == [(2, hashes[0].lan_hash)]
    assert old["lan_secret"] != new["lan_secret"]


async def test_signing_out_ends_this_session_only(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    first, second = await visit.guest_of(booked), await visit.guest_of(booked)
    for _ in range(2):
        assert (await first.delete("/sessions/current")).status_code == 204
    assert (await first.get("/stay")).status_code == 401
    assert (await second.get("/stay")).status_code == 200


async def test_without_a_token_or_with_staffs_there_is_no_stay(visit: Visit) -> None:
    staff = Person(client_of(visit.app), visit.hotel.tenant.token)
    for person in (visit.somebody(), staff, Person(client_of(visit.app), "x" * 43)):
        answer = await person.get("/stay")
        assert (answer.status_code, answer.json()["code"]) == (401, "link_refused")


async def test_guessing_links_is_slowed_down_by_address(visit: Visit) -> None:
    guesser = visit.somebody()
    codes = [
        (await guesser.post("/sessions", {"secret": uuid4().hex})).status_code for _ in range(12)
    ]
    assert codes == [401] * 10 + [429] * 2
    assert (await visit.try_link("f" * 64)).status_code == 401


async def test_a_guest_sees_nothing_of_another_organisation_or_room(
    visit: Visit, database: Database
) -> None:
    stranger = await found_tenant(database, client_of(visit.app))
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    for path in (f"/grants/{grant['id']}", f"/grants/{uuid4()}"):
        assert (await stranger.get(path)).status_code == 404
    for path in (f"/grants/{grant['id']}/links", f"/grants/{grant['id']}/revocation"):
        answer = await stranger.post(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "grant_not_found")
    assert (await stranger.get("/grants")).json()["total"] == 0
    of_it = (await stranger.get(f"/grants/of-reservation/{booked['id']}")).json()
    assert of_it == {"grants": [], "pins": []}
    wish = _staff_grant(visit, visit.hotel, str(stranger.staff_id))
    assert (await stranger.post("/grants/staff", wish)).status_code == 404
    assert (await visit.grant(booked))["state"] == "active"


def _staff_grant(visit: Visit, hotel: SmallHotel, staff_id: str) -> dict[str, str]:
    now = visit.clock.utc_now()
    return {
        "house_id": str(hotel.house_id),
        "staff_id": staff_id,
        "name": "Rosa",
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=2)).isoformat(),
    }


@pytest.mark.parametrize("length", [3, 200])
async def test_secrets_stand_in_no_log_no_error_no_table_and_no_event(
    visit: Visit, capsys: pytest.CaptureFixture[str], length: int
) -> None:
    output = io.StringIO()
    logs.configure(level="DEBUG", stream=output)
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    links = await visit.links(grant)
    cloud_secret = links["cloud_url"].partition("#")[2]
    guest = await visit.sign_in(links["cloud_url"])
    stay = await guest.stay()
    joined = await visit.somebody().post(
        "/join", {"join_code": stay["join_code"], "name": "Bruno", "wants": ["door:open"]}
    )
    canary = "canary" * length
    refused = [
        await visit.somebody().post("/sessions", {"secret": canary + "!"}),
        await visit.somebody().post("/sessions", {"secret": canary, "more": canary}),
        await visit.somebody().post("/join", {"join_code": canary, "name": 1, "wants": [canary]}),
        await visit.somebody().post("/waiting", {"waiting_secret": canary}),
        await Person(client_of(visit.app), canary).get("/stay"),
    ]
    assert {each.status_code for each in refused} <= {401, 404, 422}
    secrets = [
        links["pin"],
        cloud_secret,
        links["lan_secret"],
        stay["join_code"],
        guest.token,
        joined.json()["waiting_secret"],
    ]
    written = output.getvalue() + "".join(capsys.readouterr())
    assert "request" in written
    everything = await visit.everything()
    assert grant["id"] in everything
    for secret in secrets:
        # Six digits may stand by chance in a hash or behind a second's point.
        alone = re.compile(rf"(?<![0-9a-f.]){re.escape(secret)}(?![0-9a-f])")
        assert alone.search(written) is None
        assert alone.search(everything) is None
    for answer in refused:
        assert "canary" not in answer.text
    assert "canary" not in written
    structlog.reset_defaults()


async def test_the_whole_openapi_document_says_which_doors_are_open_to_all(
    http: httpx.AsyncClient,
) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    open_ones = {
        path
        for path, methods in paths.items()
        for operation in methods.values()
        if path.startswith("/api/v1/guest") and operation.get("security") == []
    }
    assert open_ones == {
        "/api/v1/guest/sessions",
        "/api/v1/guest/join",
        "/api/v1/guest/waiting",
    }


async def test_two_hotels_of_one_owner_keep_their_guests_apart(visit: Visit) -> None:
    other = await build_small_hotel(visit.hotel.tenant)
    here = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    there = await visit.guest_of(await visit.book([str(other.room_units[0])]))
    assert (await here.stay())["grant_id"] != (await there.stay())["grant_id"]
    seen = {door["lock_id"] for door in (await there.stay())["doors"]}
    assert seen == {str(other.front_door), str(other.room_locks[0])}
