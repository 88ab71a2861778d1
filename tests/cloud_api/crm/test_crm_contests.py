"""May only who fulfils an event's terms take part, and does the leaderboard tell the truth?"""

import asyncio
from datetime import timedelta
from io import BytesIO

import httpx
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cloud_api.crm.contests.jobs import announce_winners
from cloud_api.crm.contests.rules import slugs
from tests.builders import JsonDict
from tests.cloud_api.crm.stage import Club

EASY = {"needs_stay": False}


def picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (40, 30)).save(made, format="JPEG")
    return made.getvalue()


async def contest(club: Club, title: str = "Summer party", **other: object) -> JsonDict:
    """A published event in ten days, to register for within five."""
    now = club.desk.clock.now
    body = {
        "title": title,
        "status": "published",
        "starts_at": (now + timedelta(days=10)).isoformat(),
        "deadline": (now + timedelta(days=5)).isoformat(),
        **EASY,
        **other,
    }
    return await club.tenant.made("/contests", body)


async def enter(club: Club, event: JsonDict, client_id: str, **other: object) -> httpx.Response:
    body = {"client_id": client_id, **other}
    return await club.tenant.post(f"/contests/{event['id']}/registrations", body)


async def entered(club: Club, event: JsonDict, client_id: str) -> JsonDict:
    answer = await enter(club, event, client_id)
    assert answer.status_code == 201, answer.text
    found: JsonDict = answer.json()
    return found


async def reasons(club: Club, event: JsonDict, client_id: str) -> list[str]:
    answer = await enter(club, event, client_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "registration_refused")
    told: list[str] = answer.json()["reasons"]
    return told


async def show(
    club: Club, entry: JsonDict, content: bytes, kind: str = "image/jpeg"
) -> httpx.Response:
    return await club.tenant.client.put(
        f"/api/v1/contests/{entry['contest_id']}/registrations/{entry['id']}/evidence",
        content=content,
        headers={**club.tenant.headers, "content-type": kind},
    )


async def decide(club: Club, entry: JsonDict, approve: bool) -> httpx.Response:  # noqa: FBT001 - a test's own
    at = f"/contests/{entry['contest_id']}/registrations/{entry['id']}/decision"
    return await club.tenant.put(at, {"approve": approve})


async def test_each_term_that_is_not_met_has_its_own_reason(club: Club) -> None:
    guest = await club.client()
    wanted = await club.tenant.made("/achievements", {"name": "Gold", "required_stays": 9})
    event = await contest(
        club,
        min_points=10,
        needs_facebook=True,
        needs_stay=True,
        achievement_ids=[wanted["id"]],
    )
    refused = await enter(club, event, guest)
    assert refused.json()["reasons"] == [
        "points_missing",
        "facebook_not_linked",
        "never_stayed",
        "achievement_missing",
    ]
    assert refused.json()["wanted_achievement"] == "Gold"
    draft = await contest(club, "Later", status="draft", active=False)
    assert await reasons(club, draft, guest) == ["inactive", "not_published"]


async def test_who_meets_every_term_is_in(club: Club) -> None:
    await club.tenant.made("/achievements", {"name": "Came", "required_stays": 1})
    (known,) = (await club.tenant.get("/achievements")).json()["items"]
    event = await contest(
        club, min_points=10, needs_facebook=True, needs_stay=True, achievement_ids=[known["id"]]
    )
    booking = await club.booked()
    await club.give(booking["client_id"], 10)
    answer = await enter(club, event, booking["client_id"], facebook_linked=True)
    assert answer.json()["status"] == "approved", answer.text
    assert await reasons(club, event, booking["client_id"]) == [
        "registered_already",
        "facebook_not_linked",
    ]


async def test_nobody_registers_after_the_deadline(club: Club) -> None:
    event, guest = await contest(club), await club.client()
    await club.days_pass(5)
    assert await reasons(club, event, guest) == ["deadline_passed"]


async def test_of_two_for_the_last_place_one_gets_it(club: Club) -> None:
    event = await contest(club, capacity=1)
    guests = [await club.client("Ana Lopez"), await club.client("Bea Ramos")]
    async with asyncio.TaskGroup() as both:
        tries = [both.create_task(enter(club, event, each)) for each in guests]
    answers = sorted((each.result() for each in tries), key=lambda each: each.status_code)
    assert [each.status_code for each in answers] == [201, 409]
    assert answers[1].json()["reasons"] == ["full"]


async def test_evidence_waits_for_staff_who_approve_or_reject_it(club: Club) -> None:
    event = await contest(club, needs_evidence=True)
    one = await entered(club, event, await club.client())
    assert one["status"] == "incomplete"
    assert (await decide(club, one, approve=True)).json()["state"] == "incomplete"
    assert (await show(club, one, b"%PDF-1.7", "application/pdf")).json()["code"] == (
        "evidence_refused"
    )
    large = picture() + b"\0" * (10 * 1024 * 1024)
    assert (await show(club, one, large)).json()["code"] == "evidence_refused"
    shown = await show(club, one, picture())
    assert shown.json()["status"] == "pending", shown.text
    assert shown.json()["file_id"]
    assert (await decide(club, one, approve=True)).json()["status"] == "approved"
    two = await entered(club, event, await club.client("Bea Ramos"))
    await show(club, two, picture())
    assert (await decide(club, two, approve=False)).json()["status"] == "rejected"
    assert await reasons(club, event, two["client_id"]) == ["registered_already"]


async def test_a_cancelled_registration_is_used_again(club: Club) -> None:
    event = await contest(club)
    guest = await club.client()
    one = await entered(club, event, guest)
    at = f"/contests/{event['id']}/registrations/{one['id']}"
    assert (await club.tenant.delete(at)).json()["status"] == "cancelled"
    assert (await club.tenant.delete(at)).json()["code"] == "registration_state"
    again = await entered(club, event, guest)
    assert (again["id"], again["status"]) == (one["id"], "approved")


async def test_the_leaderboard_counts_who_was_brought_since_registering_and_shows_zeros(
    club: Club, http: httpx.AsyncClient
) -> None:
    event = await contest(club, counts="referred_stays")
    bea, carl = await club.client("Bea Ramos"), await club.client("Carl Diaz")
    for name in ("Ana Lopez", "Dora Silva"):
        await club.refer(bea, await club.client(name))
    await club.booked("Ana Lopez", room=0)
    club.desk.clock.advance(timedelta(seconds=5))
    await entered(club, event, bea)
    club.desk.clock.advance(timedelta(seconds=1))
    await entered(club, event, carl)
    board = await http.get(f"{club.public}/contests/{event['slug']}/leaderboard")
    assert [(each["name"], each["score"]) for each in board.json()] == [
        ("Bea R.", 0),
        ("Carl D.", 0),
    ]
    await club.desk.sql(
        "UPDATE contest_entries SET registered_at = registered_at - interval '1 hour'"
    )
    await club.booked("Dora Silva", room=1)
    board = await http.get(f"{club.public}/contests/{event['slug']}/leaderboard")
    assert [(each["name"], each["score"]) for each in board.json()] == [
        ("Bea R.", 2),
        ("Carl D.", 0),
    ]
    assert "Ramos" not in board.text


async def test_winners_are_told_on_their_day_each_once_and_shown_then(
    club: Club, http: httpx.AsyncClient
) -> None:
    event = await contest(club)
    one = await entered(club, event, await club.client())
    at = f"/contests/{event['id']}/winners"
    chosen = {"winners": [{"registration_id": one["id"], "prize": "A week"}]}
    assert [each["prize"] for each in (await club.tenant.put(at, chosen)).json()] == ["A week"]
    assert await told(club) == 0
    page = f"{club.public}/contests/{event['slug']}"
    assert (await http.get(page)).json()["winners"] == []
    await club.days_pass(10)
    assert [await told(club), await told(club)] == [1, 0]
    events = [body for name, body in await club.desk.events() if name == "crm.winner_announced"]
    assert [(each["client_id"], each["prize"]) for each in events] == [(one["client_id"], "A week")]
    assert (await http.get(page)).json()["winners"] == [{"name": "Ana L.", "prize": "A week"}]


async def test_strangers_see_what_is_published_and_slugs_are_unique(
    club: Club, http: httpx.AsyncClient
) -> None:
    made = [await contest(club, "¡Fiesta Ñandú!"), await contest(club, "Fiesta Nandu")]
    made.append(await contest(club, "祭り"))
    await contest(club, "Hidden", status="draft")
    assert [each["slug"] for each in made] == ["fiesta-nandu", "fiesta-nandu-1", "evento"]
    seen = (await http.get(f"{club.public}/contests")).json()
    assert {each["slug"] for each in seen["items"]} == {each["slug"] for each in made}
    assert (await http.get(f"{club.public}/contests/hidden")).status_code == 404


async def test_an_event_that_contradicts_itself_is_refused(club: Club) -> None:
    event = await contest(club)
    late = (club.desk.clock.now + timedelta(days=11)).isoformat()
    refused = await club.tenant.patch(f"/contests/{event['id']}", {"deadline": late})
    assert (refused.status_code, refused.json()["code"]) == (422, "contest_invalid")


async def told(club: Club) -> int:
    async with club.desk.database.transaction() as session:
        return len(await announce_winners(session, club.desk.clock))


@given(st.text(max_size=120))
def test_a_slug_is_plain_and_never_empty(title: str) -> None:
    tried = slugs(title)
    first, second = next(tried), next(tried)
    assert first
    assert set(first) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert second == f"{first}-1"
