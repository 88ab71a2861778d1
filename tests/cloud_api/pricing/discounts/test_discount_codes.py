"""When does a code give something, how much, and why not?"""

from uuid import uuid4

import pytest

from tests.cloud_api.pricing.discounts.stage import FRIDAY, WEDNESDAY, Desk, pen, percent, usd


async def test_a_percentage_is_taken_of_the_subtotal(desk: Desk) -> None:
    made = await desk.code(off=percent("12.5"))
    found = await desk.trial(code="SUN")
    assert found["applied"] == {
        "discount_id": made["id"],
        "kind": "code",
        "name": "SUN",
        "amount": usd(5_000),
    }
    assert found["considered"] == [{**found["applied"], "reason": "applied"}]


async def test_a_percentage_is_rounded_once_half_to_even(desk: Desk) -> None:
    await desk.code(off=percent("10"))
    worth = {5: 0, 15: 2, 25: 2, 26: 3}
    for subtotal, amount in worth.items():
        got = await desk.amount(code="SUN", base_total_minor=0, subtotal_minor=subtotal)
        assert got == amount


async def test_a_percentage_stops_at_its_cap(desk: Desk) -> None:
    await desk.code(off=percent("50", cap=usd(5_000)))
    assert await desk.amount(code="SUN") == 5_000
    assert await desk.amount(code="SUN", base_total_minor=0, subtotal_minor=8_000) == 4_000


async def test_only_a_percentage_has_a_cap(desk: Desk) -> None:
    body = {"code": "SUN", "off": {"fixed": usd(1_000), "cap": usd(500)}}
    answer = await desk.hotel.tenant.post("/discount-codes", body)
    assert answer.status_code == 422


@pytest.mark.parametrize("off", [{}, {"percent": "10", "fixed": {"minor": 1, "currency": "USD"}}])
async def test_a_code_is_a_percentage_or_a_fixed_amount(desk: Desk, off: object) -> None:
    answer = await desk.hotel.tenant.post("/discount-codes", {"code": "SUN", "off": off})
    assert answer.status_code == 422


@pytest.mark.parametrize("value", ["0", "-5", "100.01", "12.345"])
async def test_a_percentage_is_above_nothing_and_at_most_everything(desk: Desk, value: str) -> None:
    body = {"code": "SUN", "off": percent(value)}
    assert (await desk.hotel.tenant.post("/discount-codes", body)).status_code == 422


async def test_a_fixed_amount_in_the_stays_currency(desk: Desk) -> None:
    await desk.code(off={"fixed": usd(2_500)})
    assert await desk.amount(code="SUN") == 2_500


async def test_a_fixed_amount_in_the_other_currency_goes_by_the_rate(desk: Desk) -> None:
    await desk.code(off={"fixed": pen(10_000)})
    rate = {"base": "USD", "quote": "PEN", "value": "3.800"}
    assert await desk.amount(code="SUN", rate=rate) == 2_632  # 26.3157...
    assert await desk.amount(code="SUN", rate=rate, currency="PEN") == 10_000
    turned = {"base": "PEN", "quote": "USD", "value": "0.25"}
    assert await desk.amount(code="SUN", rate=turned) == 2_500


async def test_a_rate_minds_currencies_without_cents(desk: Desk) -> None:
    await desk.code(off={"fixed": usd(1_050)})
    rate = {"base": "USD", "quote": "CLP", "value": "950"}
    assert await desk.amount(code="SUN", rate=rate, currency="CLP") == 9_975


async def test_a_fixed_amount_in_another_currency_needs_a_rate(desk: Desk) -> None:
    await desk.code(off={"fixed": pen(10_000)})
    assert await desk.reasons(code="SUN") == {"SUN": "no_exchange_rate"}
    between_others = {"base": "USD", "quote": "EUR", "value": "0.9"}
    assert await desk.reasons(code="SUN", rate=between_others) == {"SUN": "no_exchange_rate"}


async def test_a_fixed_amount_never_exceeds_the_total(desk: Desk) -> None:
    await desk.code(off={"fixed": usd(1_000_000)})
    assert await desk.amount(code="SUN") == 40_000


async def test_a_code_is_the_same_however_it_is_capitalised(desk: Desk) -> None:
    assert (await desk.code(code="SunShine"))["code"] == "SUNSHINE"
    assert await desk.amount(code="  sunSHINE ") == 4_000
    again = await desk.hotel.tenant.post(
        "/discount-codes", {"code": "sunshine", "off": percent("5")}
    )
    assert (again.status_code, again.json()["code"]) == (409, "discount_code_taken")


async def test_a_code_nobody_knows_is_said_to_be_unknown(desk: Desk) -> None:
    found = await desk.trial(code="moon")
    assert found["applied"] is None
    (considered,) = found["considered"]
    assert (considered["name"], considered["reason"]) == ("MOON", "unknown_code")
    assert considered["discount_id"] is None


async def test_blanks_are_no_code(desk: Desk) -> None:
    assert (await desk.trial(code="   "))["considered"] == []


async def test_a_code_that_was_switched_off_gives_nothing(desk: Desk) -> None:
    made = await desk.code()
    await desk.hotel.tenant.patch(f"/discount-codes/{made['id']}", {"active": False})
    assert await desk.reasons(code="SUN") == {"SUN": "inactive"}


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        ("2027-01-09", "not_yet_valid"),
        ("2027-01-10", "applied"),
        ("2027-01-20", "applied"),
        ("2027-01-21", "no_longer_valid"),
    ],
)
async def test_the_validity_window_is_about_today_not_about_the_arrival(
    desk: Desk, today: str, reason: str
) -> None:
    await desk.code(valid_from="2027-01-10", valid_until="2027-01-20")
    assert await desk.reasons(code="SUN", today=today) == {"SUN": reason}


async def test_a_window_does_not_end_before_it_begins(desk: Desk) -> None:
    made = await desk.code(valid_from="2027-01-10")
    path = f"/discount-codes/{made['id']}"
    assert (await desk.hotel.tenant.patch(path, {"valid_until": "2027-01-09"})).status_code == 422
    assert (await desk.hotel.tenant.get(path)).json()["valid_until"] is None


async def test_a_code_below_its_minimum_is_refused(desk: Desk) -> None:
    await desk.code(minimum=usd(40_000))
    assert await desk.amount(code="SUN") == 4_000
    assert await desk.reasons(code="SUN", subtotal_minor=39_999) == {"SUN": "below_minimum"}


async def test_a_minimum_in_the_other_currency_goes_by_the_rate(desk: Desk) -> None:
    await desk.code(minimum=pen(152_000))
    rate = {"base": "USD", "quote": "PEN", "value": "3.8"}
    assert await desk.amount(code="SUN", rate=rate) == 4_000
    found = await desk.reasons(code="SUN", rate=rate, subtotal_minor=39_999)
    assert found == {"SUN": "below_minimum"}
    assert await desk.reasons(code="SUN") == {"SUN": "no_exchange_rate"}


async def test_for_weekdays_only_means_arrivals_from_sunday_to_thursday(desk: Desk) -> None:
    await desk.code(only_weekdays=True)
    assert await desk.amount(code="SUN", check_in=WEDNESDAY) == 4_000
    friday = await desk.reasons(code="SUN", check_in=FRIDAY)
    assert friday == {"SUN": "arrival_not_on_weekday"}


async def test_for_weekends_only_means_arrivals_on_friday_and_saturday(desk: Desk) -> None:
    await desk.code(only_weekends=True)
    assert await desk.amount(code="SUN", check_in=FRIDAY) == 4_000
    wednesday = await desk.reasons(code="SUN", check_in=WEDNESDAY)
    assert wednesday == {"SUN": "arrival_not_on_weekend"}


async def test_which_nights_are_a_weekend_is_the_propertys_to_say(desk: Desk) -> None:
    await desk.code(only_weekends=True)
    found = await desk.reasons(code="SUN", check_in=FRIDAY, weekend=[5, 6])
    assert found == {"SUN": "arrival_not_on_weekend"}


@pytest.mark.parametrize("check_in", [WEDNESDAY, FRIDAY])
async def test_both_flags_set_are_ambiguous_and_refused(desk: Desk, check_in: str) -> None:
    made = await desk.code(only_weekdays=True, only_weekends=True)
    assert made["never_works"] == ["ambiguous_days"]
    assert await desk.reasons(code="SUN", check_in=check_in) == {"SUN": "ambiguous_days"}


async def test_a_code_without_properties_is_refused(desk: Desk) -> None:
    made = await desk.code(property_ids=[])
    assert made["never_works"] == ["no_properties_assigned"]
    assert await desk.reasons(code="SUN") == {"SUN": "no_properties_assigned"}


async def test_a_code_of_another_property_is_refused(desk: Desk) -> None:
    other = await desk.hotel.tenant.made("/properties", {"name": "Inland", "region": "PE"})
    await desk.code(property_ids=[other["id"]])
    assert await desk.reasons(code="SUN") == {"SUN": "other_property"}
    assert await desk.amount(code="SUN", property_id=other["id"]) == 4_000


async def test_a_code_lists_properties_that_are_there(desk: Desk) -> None:
    body = {"code": "SUN", "off": percent("10"), "property_ids": [str(uuid4())]}
    answer = await desk.hotel.tenant.post("/discount-codes", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_property")


async def test_a_code_is_refused_when_the_arrival_is_a_special_date(desk: Desk) -> None:
    await desk.code()
    assert await desk.reasons(code="SUN", special_dates=[WEDNESDAY]) == {"SUN": "special_date"}
    assert await desk.amount(code="SUN", special_dates=[FRIDAY]) == 4_000


async def test_a_code_worth_nothing_is_not_applied(desk: Desk) -> None:
    await desk.code()
    found = await desk.reasons(code="SUN", base_total_minor=0, subtotal_minor=1)
    assert found == {"SUN": "worth_nothing"}


async def test_a_valid_code_wins_though_an_automatic_one_is_worth_more(desk: Desk) -> None:
    await desk.code(off=percent("5"))
    await desk.automatic(off=percent("40"))
    found = await desk.trial(code="SUN")
    assert (found["applied"]["name"], found["applied"]["amount"]) == ("SUN", usd(2_000))
    assert await desk.reasons(code="SUN") == {"SUN": "applied", "Promotion": "a_code_won"}


async def test_an_invalid_code_does_not_stop_the_automatic_ones_and_its_reason_is_told(
    desk: Desk,
) -> None:
    await desk.code(active=False)
    await desk.automatic()
    found = await desk.trial(code="SUN")
    assert found["applied"]["name"] == "Promotion"
    assert await desk.reasons(code="SUN") == {"SUN": "inactive", "Promotion": "applied"}


async def test_the_code_of_another_organisation_is_unknown_here(
    desk: Desk, other_desk: Desk
) -> None:
    made = await other_desk.code()
    assert await desk.reasons(code="SUN") == {"SUN": "unknown_code"}
    answer = await desk.hotel.tenant.get(f"/discount-codes/{made['id']}")
    assert answer.status_code == 404
