"""Are achievements granted, taken back and given again as what was reached changes?"""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cloud_api.crm.achievements import rules, service
from cloud_api.crm.achievements.types import Achievement, Award, Needs, Reached
from tests.cloud_api.crm.stage import Club

counts = st.integers(0, 5)
needs = st.builds(Needs, counts, counts, counts)
reach = st.builds(Reached, counts, counts, counts, counts)


async def achievement(club: Club, name: str, **required: int) -> str:
    made = await club.tenant.made("/achievements", {"name": name, **required})
    await club.work()
    return str(made["id"])


async def names_of(club: Club, client_id: str) -> list[str]:
    told = (await club.tenant.get(f"/clients/{client_id}/standing")).json()
    return [each["name"] for each in told["achievements"]]


async def test_a_stay_grants_what_it_reaches_and_its_cancellation_takes_it_back(
    club: Club,
) -> None:
    await achievement(club, "First stay", required_stays=1)
    booking = await club.booked()
    await club.work()
    guest = booking["client_id"]
    assert await names_of(club, guest) == ["First stay"]
    await club.desk.done(booking, "cancel", {"reason": "ill"})
    await club.work()
    assert await names_of(club, guest) == []
    await club.booked(room=1)
    await club.work()
    assert await names_of(club, guest) == ["First stay"]
    told = [name for name, _ in await club.desk.events() if name.startswith("crm.achievement_")]
    assert told == [
        "crm.achievement_granted",
        "crm.achievement_revoked",
        "crm.achievement_returned",
    ]
    rows = await club.desk.sql("SELECT count(*) AS n FROM client_achievements")
    assert rows[0].n == 1


async def test_who_brings_somebody_reaches_it_through_their_stays(club: Club) -> None:
    await achievement(club, "Friend", required_referrals=1)
    await achievement(club, "Host", required_referrals=1, required_referred_stays=1)
    referrer, guest = await club.client("Bea Ramos"), await club.client()
    await club.refer(referrer, guest)
    assert await names_of(club, referrer) == ["Friend"]
    await club.booked()
    await club.work()
    assert await names_of(club, referrer) == ["Friend", "Host"]


async def test_other_numbers_judge_everybody_anew(club: Club) -> None:
    known = await achievement(club, "Regular", required_stays=1)
    booking = await club.booked()
    await club.work()
    await club.tenant.patch(f"/achievements/{known}", {"required_stays": 2})
    await club.work()
    assert await names_of(club, booking["client_id"]) == []


async def test_two_achievements_of_one_name_are_refused(club: Club) -> None:
    await achievement(club, "Regular", required_stays=1)
    refused = await club.tenant.post("/achievements", {"name": "regular"})
    assert (refused.status_code, refused.json()["code"]) == (409, "achievement_taken")


async def test_a_quote_learns_what_a_guest_reached_and_their_referrers_level(club: Club) -> None:
    low = await achievement(club, "Low", required_referrals=1)
    high = await achievement(club, "High", required_stays=1)
    referrer, guest = await club.client("Bea Ramos"), await club.client()
    await club.refer(referrer, guest)
    await club.booked("Bea Ramos")
    await club.hold(room=1)
    await club.booked(room=2)
    await club.work()
    async with club.desk.database.transaction() as session:
        mine = club.desk.hotel.organisation_id
        facts = await service.facts_for_discounts(session, mine, UUID(guest))
        theirs = await service.facts_for_discounts(session, mine, UUID(referrer))
    assert (facts.reservations, facts.approved_stays) == (1, 1)
    assert facts.achievements == {UUID(high)}
    assert facts.referrer_level == UUID(high)
    assert theirs.achievements == {UUID(low), UUID(high)}
    assert theirs.referrer_level is None


@given(reach, needs)
def test_all_three_numbers_have_to_be_reached(reached: Reached, wanted: Needs) -> None:
    said = rules.qualifies(reached, wanted)
    assert said == all(
        have >= want
        for have, want in (
            (reached.stays, wanted.stays),
            (reached.referrals, wanted.referrals),
            (reached.referred_stays, wanted.referred_stays),
        )
    )


@given(reach, st.lists(needs, max_size=5), st.data())
def test_after_a_judgement_exactly_what_is_reached_is_held(
    reached: Reached, wanted: list[Needs], data: st.DataObject
) -> None:
    known = [
        Achievement(UUID(int=number), "x", "", 0, each, active=True)
        for number, each in enumerate(wanted)
    ]
    awards = [
        Award(UUID(int=9), each.id, held)
        for each in known
        if (held := data.draw(st.sampled_from([None, True, False]))) is not None
    ]
    verdict = rules.judge(reached, known, awards)
    before = {each.achievement_id for each in awards if each.held}
    after = (before | verdict.granted | verdict.returned) - verdict.revoked
    assert after == {each.id for each in known if rules.qualifies(reached, each.needs)}


@given(st.lists(needs, min_size=1, max_size=6))
def test_the_highest_needs_most_stays_then_referrals_then_their_stays(
    wanted: list[Needs],
) -> None:
    known = [
        Achievement(UUID(int=number), "x", "", 0, each, active=True)
        for number, each in enumerate(wanted)
    ]
    top = rules.highest(known)
    assert top is not None
    assert (top.needs.stays, top.needs.referrals, top.needs.referred_stays) == max(
        (each.stays, each.referrals, each.referred_stays) for each in wanted
    )
