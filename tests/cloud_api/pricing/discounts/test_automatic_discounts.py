"""Which discounts need not be asked for, whom do they fit, and which one wins?"""

from uuid import uuid4

import pytest

from tests.cloud_api.pricing.discounts.stage import (
    FRIDAY,
    WEDNESDAY,
    Desk,
    pen,
    percent,
    somebody,
    usd,
)


async def test_a_birthday_discount_is_for_who_arrives_in_the_month_of_birth(desk: Desk) -> None:
    await desk.automatic(name="Birthday", trigger="birthday", off=percent("15", cap=usd(5_000)))
    assert await desk.amount(client=somebody(birth_month=3)) == 5_000
    assert await desk.reasons(client=somebody(birth_month=4)) == {"Birthday": "not_birth_month"}
    assert await desk.reasons(client=somebody(birth_month=None)) == {"Birthday": "not_birth_month"}


async def test_a_returning_guest_has_stayed_at_least_once(desk: Desk) -> None:
    await desk.automatic(name="Again", trigger="returning")
    assert await desk.amount(client=somebody(approved_stays=1)) == 4_000
    assert await desk.reasons(client=somebody(reservations=2)) == {"Again": "never_stayed"}


async def test_a_first_time_guest_has_never_booked(desk: Desk) -> None:
    await desk.automatic(name="First", trigger="first_time")
    assert await desk.amount(client=somebody()) == 4_000
    assert await desk.reasons(client=somebody(reservations=1)) == {"First": "booked_before"}


async def test_loyalty_needs_one_of_the_named_achievements(desk: Desk) -> None:
    gold, silver, other = (str(uuid4()) for _ in range(3))
    await desk.automatic(name="Loyal", trigger="loyalty", achievement_ids=[gold, silver])
    assert await desk.amount(client=somebody(achievement_ids=[silver, other])) == 4_000
    lacks = await desk.reasons(client=somebody(achievement_ids=[other]))
    assert lacks == {"Loyal": "achievement_missing"}


async def test_loyalty_that_names_no_achievement_is_for_nobody(desk: Desk) -> None:
    made = await desk.automatic(name="Loyal", trigger="loyalty")
    assert made["never_works"] == ["no_achievements_named"]
    assert await desk.reasons(client=somebody()) == {"Loyal": "no_achievements_named"}


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        ("2027-03-10", "applied"),
        ("2027-03-09", "applied"),
        ("2027-03-08", "not_last_minute"),
    ],
)
async def test_last_minute_is_an_arrival_today_or_tomorrow(
    desk: Desk, today: str, reason: str
) -> None:
    await desk.automatic(name="Now", trigger="last_minute")
    assert await desk.reasons(check_in=WEDNESDAY, today=today) == {"Now": reason}


async def test_a_promotion_is_for_everybody(desk: Desk) -> None:
    await desk.automatic()
    assert await desk.amount() == await desk.amount(client=somebody()) == 4_000


@pytest.mark.parametrize(
    ("check_in", "reason"),
    [
        ("2027-03-09", "arrival_outside_dates"),
        ("2027-03-10", "applied"),
        ("2027-03-12", "applied"),
        ("2027-03-13", "arrival_outside_dates"),
    ],
)
async def test_the_date_window_is_about_the_arrival(desk: Desk, check_in: str, reason: str) -> None:
    await desk.automatic(arrival_from="2027-03-10", arrival_until="2027-03-12")
    assert await desk.reasons(check_in=check_in) == {"Promotion": reason}


async def test_the_weekday_and_weekend_flags_are_about_the_arrival(desk: Desk) -> None:
    await desk.automatic(name="Weekdays", only_weekdays=True)
    await desk.automatic(name="Weekends", only_weekends=True)
    assert await desk.reasons(check_in=FRIDAY) == {
        "Weekdays": "arrival_not_on_weekday",
        "Weekends": "applied",
    }
    assert await desk.reasons(check_in=WEDNESDAY) == {
        "Weekdays": "applied",
        "Weekends": "arrival_not_on_weekend",
    }


async def test_specific_weekdays_override_the_flags(desk: Desk) -> None:
    await desk.automatic(weekdays=[2], only_weekends=True)
    assert await desk.reasons(check_in=WEDNESDAY) == {"Promotion": "applied"}
    assert await desk.reasons(check_in=FRIDAY) == {"Promotion": "arrival_on_other_day"}


async def test_any_discount_may_ask_for_an_achievement(desk: Desk) -> None:
    badge = str(uuid4())
    await desk.automatic(achievement_ids=[badge])
    assert await desk.amount(client=somebody(achievement_ids=[badge])) == 4_000
    assert await desk.reasons(client=somebody()) == {"Promotion": "achievement_missing"}


async def test_no_automatic_discount_on_a_special_date(desk: Desk) -> None:
    await desk.automatic()
    assert await desk.reasons(special_dates=[WEDNESDAY]) == {"Promotion": "special_date"}


async def test_base_price_only_leaves_out_the_money_for_further_guests(desk: Desk) -> None:
    await desk.automatic(base_price_only=True)
    assert await desk.amount() == 3_000


async def test_an_automatic_discount_stops_at_its_cap_also_in_the_other_currency(
    desk: Desk,
) -> None:
    await desk.automatic(off=percent("50", cap=pen(3_800)))
    assert await desk.amount(rate={"base": "USD", "quote": "PEN", "value": "3.8"}) == 1_000
    assert await desk.reasons() == {"Promotion": "no_exchange_rate"}


async def test_without_a_client_only_promotions_and_last_minute_without_achievements_apply(
    desk: Desk,
) -> None:
    for trigger in ("birthday", "returning", "first_time"):
        await desk.automatic(name=trigger, trigger=trigger)
    badge = str(uuid4())
    await desk.automatic(name="loyalty", trigger="loyalty", achievement_ids=[badge])
    await desk.automatic(name="members", achievement_ids=[badge])
    await desk.automatic(name="last_minute", trigger="last_minute", off=percent("5"))
    await desk.automatic(name="everybody", off=percent("7"))
    assert await desk.reasons(today=WEDNESDAY) == {
        "birthday": "guest_not_known",
        "returning": "guest_not_known",
        "first_time": "guest_not_known",
        "loyalty": "guest_not_known",
        "members": "guest_not_known",
        "last_minute": "smaller_than_another",
        "everybody": "applied",
    }


async def test_the_largest_amount_of_money_wins_and_none_is_added_to_it(desk: Desk) -> None:
    await desk.automatic(name="Percent", off=percent("10"))
    await desk.automatic(name="Amount", off={"fixed": usd(4_001)})
    found = await desk.trial()
    assert found["applied"]["amount"] == usd(4_001)
    assert {each["name"]: each["amount"]["minor"] for each in found["considered"]} == {
        "Percent": 4_000,
        "Amount": 4_001,
    }
    assert await desk.reasons() == {"Percent": "smaller_than_another", "Amount": "applied"}


async def test_an_archived_or_inactive_discount_is_not_considered(desk: Desk) -> None:
    made = await desk.automatic()
    await desk.automatic(name="Sleeping", active=False)
    answer = await desk.hotel.tenant.delete(f"/automatic-discounts/{made['id']}")
    assert answer.status_code == 204
    assert (await desk.trial())["considered"] == []


async def test_who_was_sent_by_a_client_gets_what_the_referrers_level_gives(desk: Desk) -> None:
    gold = str(uuid4())
    await desk.level(gold, percent="12")
    found = await desk.trial(client=somebody(referrer_level=gold))
    assert found["applied"]["kind"] == "referral"
    assert found["applied"]["amount"] == usd(4_800)


async def test_a_referral_discount_is_for_the_first_approved_stay(desk: Desk) -> None:
    gold = str(uuid4())
    await desk.level(gold)
    again = somebody(referrer_level=gold, approved_stays=1)
    assert await desk.reasons(client=again) == {"Referral": "booked_before"}
    booked = somebody(referrer_level=gold, reservations=1)
    assert await desk.reasons(client=booked) == {"Referral": "applied"}


async def test_a_referral_discount_needs_a_referrer_of_a_level_that_gives_one(desk: Desk) -> None:
    gold, bronze = str(uuid4()), str(uuid4())
    await desk.level(gold, active=False)
    assert await desk.reasons() == {"Referral": "guest_not_known"}
    assert await desk.reasons(client=somebody()) == {"Referral": "not_referred"}
    unlisted = await desk.reasons(client=somebody(referrer_level=bronze))
    assert unlisted == {"Referral": "level_without_discount"}
    asleep = await desk.reasons(client=somebody(referrer_level=gold))
    assert asleep == {"Referral": "inactive"}


async def test_a_referral_discount_competes_with_the_automatic_ones(desk: Desk) -> None:
    gold = str(uuid4())
    await desk.level(gold, percent="20")
    await desk.automatic()
    found = await desk.reasons(client=somebody(referrer_level=gold))
    assert found == {"Referral": "applied", "Promotion": "smaller_than_another"}


@pytest.mark.parametrize(
    ("stays", "label"),
    [(0, "bronze"), (1, "bronze"), (2, "silver"), (5, "gold"), (9, "gold"), (10, "platinum")],
)
async def test_the_label_goes_by_the_approved_stays(desk: Desk, stays: int, label: str) -> None:
    found = await desk.trial(client=somebody(approved_stays=stays))
    assert found["membership"] == label


async def test_who_is_not_known_is_a_guest(desk: Desk) -> None:
    assert (await desk.trial())["membership"] == "guest"
