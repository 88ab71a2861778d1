"""Does a quote take off what the discounts say, and say why?"""

from uuid import UUID, uuid4

from cloud_api.kit.db import Database
from cloud_api.kit.vault import Vault
from cloud_api.pricing import service
from cloud_api.pricing.discounts.types import Membership, Reason
from cloud_api.pricing.types import ClientFacts, Wish
from cloud_api.settings import CloudSettings
from tests.builders import JsonDict
from tests.cloud_api.pricing.counter import Counter


async def _code(counter: Counter, percent: str = "10") -> JsonDict:
    return await counter.made(
        "/discount-codes", code="SUMMER", off={"percent": percent}, property_ids=[counter.place]
    )


async def _promotion(counter: Counter, percent: str = "25", **other: object) -> JsonDict:
    told = {"name": "Promotion", "trigger": "global_promotion", **other}
    return await counter.made("/automatic-discounts", off={"percent": percent}, **told)


def _reasons(made: JsonDict) -> dict[str, str]:
    return {each["name"]: each["reason"] for each in made["discounts"]}


async def test_a_valid_code_is_taken_off_and_wins_over_a_larger_promotion(
    counter: Counter,
) -> None:
    await _code(counter)
    await _promotion(counter)
    made = await counter.quote(0, 2, code="summer")
    totals = made["totals"]
    assert (totals["subtotal"], totals["discount"], totals["total"]) == (480_00, 48_00, 432_00)
    line = next(each for each in made["lines"] if each["kind"] == "discount")
    assert line["amount"] == -48_00
    assert _reasons(made) == {"SUMMER": "applied", "Promotion": "a_code_won"}


async def test_a_code_nobody_knows_stops_neither_the_quote_nor_a_promotion(
    counter: Counter,
) -> None:
    await _promotion(counter)
    made = await counter.quote(0, 2, code="NOBODY")
    assert made["totals"]["discount"] == 120_00
    assert sorted(_reasons(made).values()) == ["applied", "unknown_code"]


async def test_no_discount_is_given_to_who_arrives_on_a_special_date(counter: Counter) -> None:
    await counter.special(0)
    await _promotion(counter)
    made = await counter.quote(0, 2)
    assert (made["totals"]["discount"], _reasons(made)) == (0, {"Promotion": "special_date"})
    assert (await counter.quote(1, 2))["totals"]["discount"] == 60_00


async def test_a_discounted_quote_follows_from_its_stored_inputs_though_the_discount_is_gone(
    counter: Counter, database: Database, settings: CloudSettings
) -> None:
    code = await _code(counter, "33.33")
    await counter.configure(second_currency="USD")
    await counter.made("/exchange-rates", base="USD", quote="PEN", value="3.7419")
    made = await counter.quote(0, 5, guests=2, code="SUMMER")
    await counter.hotel.tenant.patch(f"/discount-codes/{code['id']}", {"active": False})
    assert await counter.look(f"/quotes/{made['token']}") == made
    vault = Vault(settings.secret_key.get_secret_value())
    async with database.transaction() as session:
        tenant = counter.hotel.organisation_id
        assert await service.verify(session, vault, tenant, UUID(made["id"]))


async def test_what_is_known_of_the_guest_decides_and_is_part_of_the_quote(
    counter: Counter, database: Database, settings: CloudSettings
) -> None:
    await _promotion(counter, "5", name="Welcome back", trigger="returning")
    vault = Vault(settings.secret_key.get_secret_value())
    wish = Wish((UUID(counter.room),), counter.day(0), counter.day(2), 1)
    regular = ClientFacts(uuid4(), reservations=6, approved_stays=5)
    async with database.transaction() as session:
        now = counter.clock.utc_now()
        known = await service.quote(session, vault, wish, now=now, client=regular)
        stranger = await service.quote(session, vault, wish, now=now)
    assert (known.quote.totals.discount, known.quote.membership) == (24_00, Membership.GOLD)
    assert [each.reason for each in known.quote.discounting.considered] == [Reason.APPLIED]
    assert (stranger.quote.totals.discount, stranger.quote.membership) == (0, Membership.GUEST)
