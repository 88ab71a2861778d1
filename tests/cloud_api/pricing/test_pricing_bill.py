"""What stands on the bill below the nights, and how is it summed?"""

from decimal import Decimal
from uuid import UUID

import pytest

from cloud_api.kit.money import Money
from cloud_api.pricing.discounts.types import Applied, Discounting, DiscountKind
from cloud_api.pricing.errors import ServiceNotOffered
from cloud_api.pricing.rules.money import decimals_of, running
from cloud_api.pricing.rules.wishes import chosen
from cloud_api.pricing.types import (
    Advice,
    Charge,
    ChargedOn,
    ChargeKind,
    Line,
    LineKind,
    Per,
    Quote,
    Settings,
)
from tests.cloud_api.pricing.terms import MONDAY, SOLES, quote, service, unit

VAT = Charge("VAT", ChargeKind.PERCENT, percent=Decimal(18))


def off(minor: int) -> Discounting:
    applied = Applied(UUID(int=5), DiscountKind.CODE, "TEN", Money(minor, "USD"))
    return Discounting(applied=applied, considered=())


def of(made: Quote, kind: LineKind) -> list[Line]:
    return [line for line in made.lines if line.kind is kind]


@pytest.mark.parametrize(
    ("per_night", "per_person", "amount"),
    [(False, False, 15_00), (True, False, 45_00), (False, True, 30_00), (True, True, 90_00)],
)
def test_a_service_is_paid_for_each_night_and_each_person_where_it_is_so_sold(
    *, per_night: bool, per_person: bool, amount: int
) -> None:
    sold = service(15_00, per_night=per_night, per_person=per_person)
    made = quote(MONDAY, 3, 2, services=(sold,))
    assert [line.amount for line in of(made, LineKind.SERVICE)] == [amount]
    assert made.totals.with_services == made.totals.stay + amount


def test_mandatory_services_are_always_in_and_optional_ones_when_wanted() -> None:
    cleaning, boat = service(50_00, mandatory=True), service(70_00)
    assert chosen([cleaning, boat], ()) == (cleaning,)
    assert chosen([cleaning, boat], (boat.id, cleaning.id)) == (cleaning, boat)


def test_a_service_that_is_not_offered_here_is_refused() -> None:
    with pytest.raises(ServiceNotOffered):
        chosen([service(1)], (UUID(int=404),))


def test_a_discount_is_taken_off_the_stay_and_not_off_the_services() -> None:
    made = quote(MONDAY, 2, services=(service(50_00),), discounting=off(20_00))
    assert (made.totals.subtotal, made.totals.discount, made.totals.stay) == (200_00, 20_00, 180_00)
    assert made.totals.total == 230_00


def test_a_discount_never_makes_a_stay_cheaper_than_nothing() -> None:
    made = quote(MONDAY, 2, services=(service(50_00),), discounting=off(900_00))
    assert (made.totals.discount, made.totals.stay, made.totals.total) == (200_00, 0, 50_00)


def test_a_percentage_is_taken_of_the_stay_after_its_discount() -> None:
    settings = Settings(charges=(VAT,))
    made = quote(MONDAY, 2, settings=settings, services=(service(50_00),), discounting=off(100_00))
    assert [line.amount for line in of(made, LineKind.CHARGE)] == [18_00]


def test_a_percentage_of_everything_is_taken_of_services_and_the_charges_above_it() -> None:
    fee = Charge("Cleaning", ChargeKind.FIXED, amount=Money(30_00, "USD"))
    vat = Charge("VAT", ChargeKind.PERCENT, percent=Decimal(10), charged_on=ChargedOn.EVERYTHING)
    settings = Settings(charges=(fee, vat))
    made = quote(MONDAY, 2, settings=settings, services=(service(50_00),))
    assert [(line.name, line.amount) for line in of(made, LineKind.CHARGE)] == [
        ("Cleaning", 30_00),
        ("VAT", 28_00),
    ]


@pytest.mark.parametrize(
    ("per", "amount"),
    [(Per.STAY, 2_00), (Per.NIGHT, 6_00), (Per.GUEST, 8_00), (Per.GUEST_NIGHT, 24_00)],
)
def test_a_fixed_charge_is_due_once_a_stay_or_for_each_night_guest_or_both(
    per: Per, amount: int
) -> None:
    tax = Charge("City tax", ChargeKind.FIXED, amount=Money(2_00, "USD"), per=per)
    made = quote(MONDAY, 3, 4, settings=Settings(charges=(tax,)))
    assert [line.amount for line in of(made, LineKind.CHARGE)] == [amount]


def test_an_included_charge_is_told_and_not_added() -> None:
    vat = Charge("VAT", ChargeKind.PERCENT, percent=Decimal(21), included=True)
    made = quote(
        MONDAY, 1, units=(unit(base=Money(121_00, "USD")),), settings=Settings(charges=(vat,))
    )
    assert made.total == Money(121_00, "USD")
    assert [(each.name, each.amount) for each in made.included] == [("VAT", 21_00)]


def test_an_included_fixed_charge_is_never_more_than_the_price_it_is_in() -> None:
    fee = Charge("Fee", ChargeKind.FIXED, amount=Money(70_00, "USD"), per=Per.NIGHT, included=True)
    made = quote(MONDAY, 2, settings=Settings(charges=(fee,)))
    assert [each.amount for each in made.included] == [140_00]
    cheap = unit(base=Money(50_00, "USD"))
    made = quote(MONDAY, 2, units=(cheap,), settings=Settings(charges=(fee,)))
    assert [each.amount for each in made.included] == [100_00]


def test_charges_stand_in_the_propertys_order() -> None:
    names = ["b", "a", "c"]
    charges = tuple(Charge(name, ChargeKind.FIXED, amount=Money(1_00, "USD")) for name in names)
    made = quote(settings=Settings(charges=charges))
    assert [line.name for line in of(made, LineKind.CHARGE)] == names


def test_a_property_may_round_its_totals_and_the_bill_says_by_how_much() -> None:
    odd = unit(base=Money(101_37, "USD"))
    made = quote(MONDAY, 1, units=(odd,), settings=Settings(rounding=100))
    assert [line.amount for line in of(made, LineKind.ROUNDING)] == [-37]
    assert made.total == Money(101_00, "USD")


def test_the_deposit_is_thirty_per_cent_unless_the_property_says_otherwise() -> None:
    made = quote(MONDAY, 2)
    assert (made.deposit, made.balance) == (Money(60_00, "USD"), Money(140_00, "USD"))
    half = quote(MONDAY, 2, settings=Settings(deposit_percent=Decimal(50)))
    assert half.deposit == Money(100_00, "USD")


def test_deposit_and_balance_lose_no_cent() -> None:
    made = quote(MONDAY, 1, units=(unit(base=Money(100_01, "USD")),))
    assert made.deposit + made.balance == made.total


def test_both_currencies_are_told_and_both_columns_sum() -> None:
    settings = Settings(second_currency="PEN")
    odd = unit(base=Money(33_33, "USD"))
    made = quote(MONDAY, 7, units=(odd,), settings=settings, rates=(SOLES,), discounting=off(9_99))
    assert made.rate == SOLES
    assert made.second_totals is not None
    assert made.second_totals.total == sum(line.second or 0 for line in made.lines)
    assert made.second_totals.total == round(made.totals.total * 3.8)


def test_a_currency_without_a_minor_unit_is_told_in_whole_units() -> None:
    assert decimals_of({"CLP", "PYG", "USD", "KWD"}) == {"CLP": 0, "PYG": 0, "USD": 2, "KWD": 3}
    rate = SOLES.__class__("USD", "CLP", Decimal("950.5"), SOLES.valid_from)
    made = quote(MONDAY, 1, settings=Settings(second_currency="CLP"), rates=(rate,))
    assert made.second_totals is not None
    assert made.second_totals.total == 95_050


def test_without_a_rate_only_the_propertys_currency_is_told() -> None:
    made = quote(settings=Settings(second_currency="PEN"))
    assert (made.second_currency, made.second_totals, made.rate) == (None, None, None)


def test_a_sum_is_split_so_that_every_running_sum_is_right() -> None:
    assert running([1, 1, 1], lambda minor: minor // 2) == [0, 1, 0]


def test_what_a_host_may_wish_to_say() -> None:
    assert quote(MONDAY, 1).advice == ()
    assert quote(MONDAY, 1, 7).advice == (Advice.OVER_CAPACITY,)
    assert quote(MONDAY, 1, 8, units=(unit(capacity=8),)).advice == (Advice.LARGE_GROUP,)
    assert quote(MONDAY, 7, units=(unit(base=Money(1_00, "USD")),)).advice == (
        Advice.A_WEEK_OR_MORE,
    )
    assert Advice.TWO_WEEKS_OR_MORE in quote(MONDAY, 14).advice
    assert quote(MONDAY, 5).advice == (Advice.HIGH_VALUE,)  # 500 USD
    assert quote(MONDAY, 1, heated_pool=True).advice == (Advice.HEATED_POOL,)


def test_a_high_value_in_another_currency_is_known_by_the_rate() -> None:
    soles = unit(base=Money(1_900_00, "PEN"))
    assert quote(MONDAY, 1, units=(soles,), rates=(SOLES,)).advice == (Advice.HIGH_VALUE,)
    assert quote(MONDAY, 1, units=(soles,)).advice == ()
