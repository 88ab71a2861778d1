"""Who brought whom is said once, ranked once a month, and told to strangers without full names."""

import re
from itertools import islice

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.crm.loyalty.rules import codes, short_name
from cloud_api.crm.referrals.jobs import rank_referrals
from tests.builders import JsonDict, Tenant, found_tenant
from tests.cloud_api.crm.stage import Club

RANK = "/admin/jobs/crm/rank-referrals"


async def test_a_referral_code_is_three_letters_and_three_digits_and_stays(club: Club) -> None:
    guest = await club.client("Áña Lopez")
    code = await club.code(guest)
    assert re.fullmatch("ANA[0-9]{3}", code)
    assert await club.code(guest) == code


def test_codes_that_clash_are_numbered_and_then_by_chance() -> None:
    tried = list(islice(codes("Jo Li", lambda letters: letters[0]), 102))
    assert tried[:3] == ["JOA000", "JOA0001", "JOA0002"]
    assert tried[99] == "JOA00099"
    assert tried[100] == "AAAAAAAA"
    assert next(codes("李", lambda letters: letters[-1])) == "AAA999"


async def test_who_referred_somebody_is_said_once(club: Club) -> None:
    referrer, other = await club.client("Bea Ramos"), await club.client("Carl Diaz")
    guest = await club.client()
    await club.refer(referrer, guest)
    again = await club.tenant.put(
        f"/clients/{guest}/referrer", {"code": (await club.code(other)).lower()}
    )
    assert (again.status_code, again.json()["code"]) == (409, "referred_already")
    assert (await club.points(guest))["referred_by"] == referrer


async def test_nobody_refers_themselves_or_who_referred_them(club: Club) -> None:
    referrer, guest = await club.client("Bea Ramos"), await club.client()
    own = await club.tenant.put(f"/clients/{guest}/referrer", {"code": await club.code(guest)})
    assert (own.status_code, own.json()["code"]) == (422, "referral_in_a_circle")
    await club.refer(referrer, guest)
    round_ = await club.tenant.put(
        f"/clients/{referrer}/referrer", {"code": await club.code(guest)}
    )
    assert round_.json()["code"] == "referral_in_a_circle"
    unknown = await club.tenant.put(f"/clients/{referrer}/referrer", {"code": "XXX000"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "referral_code_unknown")


async def test_a_code_of_another_organisation_is_unknown(
    club: Club, http: httpx.AsyncClient
) -> None:
    stranger = await found_tenant(club.desk.database, http)
    guest = await stranger.made("/clients", {"name": "Zoe Marsh"})
    code = await club.code(await club.client())
    refused = await stranger.put(f"/clients/{guest['id']}/referrer", {"code": code})
    assert refused.json()["code"] == "referral_code_unknown"
    seen = await stranger.get(f"/clients/{await club.client('Eve Stone')}/points")
    assert seen.status_code == 404


async def ranked(club: Club) -> JsonDict:
    """Bea brought two who stay, Carl one, Dora one who never came; then a month passes."""
    bea, carl, dora = [await club.client(name) for name in ("Bea Ramos", "Carl Diaz", "Dora Silva")]
    for number, referrer in enumerate((bea, bea, carl, dora)):
        guest = await club.client(f"Guest Number{number}")
        await club.refer(referrer, guest)
        if referrer != dora:
            await club.stay(f"Guest Number{number}", room=number)
    return {"bea": bea, "carl": carl, "dora": dora, "month": f"{club.desk.clock.now:%Y-%m}"}


async def test_a_month_is_ranked_by_stays_and_shows_strangers_no_full_name(
    club: Club, http: httpx.AsyncClient
) -> None:
    known = await ranked(club)
    made = await club.tenant.post(f"{RANK}?month={known['month']}")
    assert made.json() == {"month": f"{known['month']}-01", "made": True, "places": 2}
    again = await club.tenant.post(f"{RANK}?month={known['month']}")
    assert again.json()["made"] is False
    forced = await club.tenant.post(f"{RANK}?month={known['month']}&force=true")
    assert (forced.json()["made"], forced.json()["places"]) == (True, 2)
    seen = await http.get(f"{club.public}/referral-ranking")
    places = seen.json()["places"]
    assert [(each["position"], each["name"], each["stays"]) for each in places] == [
        (1, "Bea R.", 2),
        (2, "Carl D.", 1),
    ]
    assert places[0]["points"] > 0
    assert places[0]["new_referrals"] == 2
    for word in ("Ramos", "Diaz", known["bea"], "revenue"):
        assert word not in seen.text
    staff = (await club.tenant.get("/referrals/ranking", month=known["month"])).json()
    assert staff["places"][0]["name"] == "Bea Ramos"
    assert staff["places"][0]["revenue"]["minor"] > staff["places"][1]["revenue"]["minor"] > 0


async def test_the_job_ranks_the_month_before_once(club: Club) -> None:
    known = await ranked(club)
    club.desk.clock.now = club.desk.clock.now.replace(day=1)
    await club.days_pass(31)
    for made in (1, 0):
        async with club.desk.database.transaction() as session:
            assert await rank_referrals(session, club.desk.clock) == made
    rows = await club.desk.sql("SELECT to_char(month, 'YYYY-MM') AS m FROM referral_months")
    assert [row.m for row in rows] == [known["month"]]


async def test_statistics_by_scope_and_order_and_in_detail_for_staff(
    club: Club, http: httpx.AsyncClient
) -> None:
    known = await ranked(club)
    every = (await club.tenant.get("/referrals/statistics")).json()["items"]
    assert every[0]["client_id"] == known["bea"]
    assert {each["client_id"] for each in every} == {known["bea"], known["carl"], known["dora"]}
    some = (
        await club.tenant.get(
            "/referrals/statistics",
            scope="with_reservations",
            order="referrals_with_reservations",
        )
    ).json()
    assert [each["client_id"] for each in some["items"]] == [known["bea"], known["carl"]]
    for wrong in ({"scope": "some"}, {"order": "name"}):
        answer = await club.tenant.client.get(
            "/api/v1/referrals/statistics", params=wrong, headers=club.tenant.headers
        )
        assert answer.status_code == 422
    detail = (await club.tenant.get(f"/clients/{known['bea']}/referrals")).json()
    assert (detail["total_referrals"], detail["referrals_with_reservations"]) == (2, 2)
    assert "Guest Number0" in {each["name"] for each in detail["referred"]}
    seen = await http.get(f"{club.public}/referral-statistics")
    assert seen.json()["total_referrals"] == 4
    assert "Ramos" not in seen.text
    assert "client_id" not in seen.text


@given(st.text(max_size=60))
def test_a_short_name_is_one_word_and_one_letter_at_most(name: str) -> None:
    words = short_name(name).split()
    assert len(words) <= 2
    if len(words) == 2:
        assert words[1].endswith(".")
        assert words[1][:-1] == name.rsplit(maxsplit=1)[-1][0].upper()


@pytest.fixture
async def stranger(club: Club, http: httpx.AsyncClient) -> Tenant:
    return await found_tenant(club.desk.database, http)


async def test_nobody_sees_another_organisations_referrals(club: Club, stranger: Tenant) -> None:
    known = await ranked(club)
    assert (await stranger.get(f"/clients/{known['bea']}/referrals")).status_code == 404
    assert (await stranger.get("/referrals/statistics")).json()["total"] == 0
