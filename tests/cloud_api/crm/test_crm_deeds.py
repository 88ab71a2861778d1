"""Does every deed about points, referrals and contests leave one line in its doer's name?"""

from typing import Any

from cloud_api.kit.audit import Deed
from tests.cloud_api.crm.stage import SETTINGS, Club
from tests.cloud_api.crm.test_crm_contests import contest, entered, picture


async def does(club: Club, deed: Deed, method: str, path: str, **what: Any) -> Any:  # noqa: ANN401 - JSON
    rows = await club.desk.sql("SELECT coalesce(max(id), 0) AS id FROM audit_log")
    tenant = club.tenant
    answer = await tenant.client.request(method, f"/api/v1{path}", headers=tenant.headers, **what)
    assert answer.is_success, (path, answer.text)
    lines = await club.desk.sql(
        "SELECT action, actor_id FROM audit_log WHERE id > :last", last=rows[0].id
    )
    assert [(line.action, line.actor_id) for line in lines] == [(deed, tenant.staff_id)], path
    return answer.json()


async def test_deeds_about_points_are_on_record(club: Club) -> None:
    guest, other = await club.client(), await club.client("Bea Ramos")
    booking = await club.booked()
    await does(club, Deed.LOYALTY_CONFIGURED, "PUT", "/loyalty-settings", json=SETTINGS)
    at = f"/clients/{guest}"
    gift = {"points": 20, "reason": "a gift for Ana"}
    await does(club, Deed.POINTS_ADJUSTED, "POST", f"{at}/points/adjustments", json=gift)
    wish = {"reservation_id": booking["id"], "points": 10}
    await does(club, Deed.POINTS_REDEEMED, "POST", f"{at}/points/redemptions", json=wish)
    made = await does(club, Deed.REFERRAL_CODE_MADE, "POST", f"/clients/{other}/referral-code")
    code = {"code": made["referral_code"]}
    await does(club, Deed.REFERRER_SET, "PUT", f"{at}/referrer", json=code)
    await does(club, Deed.RANKING_MADE, "POST", "/admin/jobs/crm/rank-referrals")
    gold = await does(club, Deed.ACHIEVEMENT_CREATED, "POST", "/achievements", json={"name": "G"})
    one = f"/achievements/{gold['id']}"
    await does(club, Deed.ACHIEVEMENT_CHANGED, "PATCH", one, json={"name": "Gold"})
    rows = await club.desk.sql("SELECT 1 FROM audit_log WHERE after::text LIKE '%Ana%'")
    assert rows == []


async def test_deeds_about_contests_are_on_record(club: Club) -> None:
    kinds = "/contest-categories"
    kind = await does(club, Deed.CONTEST_CATEGORY_CREATED, "POST", kinds, json={"title": "A"})
    at = f"{kinds}/{kind['id']}"
    await does(club, Deed.CONTEST_CATEGORY_CHANGED, "PUT", at, json={"title": "B"})
    event = await contest(club, needs_evidence=True, category_id=kind["id"])
    one = f"/contests/{event['id']}"
    await does(club, Deed.CONTEST_CHANGED, "PATCH", one, json={"title": "Other"})
    guest = {"client_id": await club.client()}
    entry = await does(club, Deed.CONTEST_ENTERED, "POST", f"{one}/registrations", json=guest)
    at = f"{one}/registrations/{entry['id']}"
    jpeg = {"content": picture()}
    await does(club, Deed.CONTEST_EVIDENCE_KEPT, "PUT", f"{at}/evidence", **jpeg)
    yes = {"approve": True}
    await does(club, Deed.CONTEST_ENTRY_DECIDED, "PUT", f"{at}/decision", json=yes)
    winners = {"winners": [{"registration_id": entry["id"]}]}
    await does(club, Deed.CONTEST_WINNERS_CHOSEN, "PUT", f"{one}/winners", json=winners)
    await does(club, Deed.CONTEST_ENTRY_DECIDED, "DELETE", at)


async def test_a_new_contest_is_on_record(club: Club) -> None:
    await contest(club)
    rows = await club.desk.sql("SELECT action FROM audit_log WHERE action LIKE 'crm.contest%'")
    assert [row.action for row in rows] == [Deed.CONTEST_CREATED]


async def test_who_was_erased_is_told_before_and_leads_nowhere_after(club: Club) -> None:
    event = await contest(club)
    done = await club.stay()
    guest = done["client_id"]
    await entered(club, event, guest)
    await club.give(guest, 5)
    told = (await club.tenant.get(f"/clients/{guest}/export")).json()["loyalty"]
    assert {each["kind"] for each in told["points"]} == {"earned", "adjusted"}
    assert told["contests"][0]["title"] == event["title"]
    assert (await club.tenant.post(f"/clients/{guest}/erase")).status_code == 200
    rows = await club.desk.sql(
        "SELECT m.code, e.reason FROM loyalty_members m JOIN points_entries e USING (client_id)"
    )
    assert {(row.code, row.reason) for row in rows} == {(None, "")}
