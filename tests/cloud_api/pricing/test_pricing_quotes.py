"""What is somebody without a login told who asks for a price?"""

import base64
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database
from cloud_api.kit.vault import Vault
from cloud_api.pricing import service
from cloud_api.pricing.errors import QuoteInvalid
from cloud_api.pricing.jobs import forget_quotes
from cloud_api.settings import CloudSettings
from tests.builders import Tenant
from tests.cloud_api.pricing.counter import Counter


async def test_a_quote_is_itemised_and_says_deposit_and_balance(counter: Counter) -> None:
    await counter.configure(
        charges=[{"name": "VAT", "kind": "percent", "percent": "18"}], second_currency="USD"
    )
    await counter.made("/exchange-rates", base="USD", quote="PEN", value="3.800")
    made = await counter.quote(0, 2)
    assert [(line["kind"], line["amount"]) for line in made["lines"]] == [
        ("night", 240_00),
        ("night", 240_00),
        ("charge", 86_40),
    ]
    assert made["total"] == {"minor": 566_40, "currency": "PEN"}
    assert (made["deposit"]["minor"], made["balance"]["minor"]) == (169_92, 396_48)
    assert made["second_totals"]["total"] == 149_05
    assert made["rate"]["value"] == "3.8"


async def test_a_quote_can_be_read_again_as_it_was_though_prices_have_changed(
    counter: Counter,
) -> None:
    made = await counter.quote()
    path = f"/units/{counter.room}/price"
    four = dict.fromkeys(("low_weekday", "low_weekend", "high_weekday", "high_weekend"), 1_00)
    await counter.hotel.tenant.put(path, {"currency": "PEN", **four})
    assert await counter.look(f"/quotes/{made['token']}") == made
    assert (await counter.quote())["total"]["minor"] == 2_00


async def test_a_quote_lives_for_a_day_unless_the_property_says_otherwise(
    counter: Counter,
) -> None:
    await counter.configure(quote_minutes=30)
    made = await counter.quote()
    given, ends = (datetime.fromisoformat(made[each]) for each in ("made_at", "expires_at"))
    assert ends - given == timedelta(minutes=30)
    counter.clock.advance(timedelta(minutes=30))
    answer = await counter.http.get(f"/api/v1/quotes/{made['token']}")
    assert (answer.status_code, answer.json()["code"]) == (410, "quote_expired")


async def test_a_token_that_was_altered_or_made_up_is_no_quote(counter: Counter) -> None:
    token = (await counter.quote())["token"]
    raw = bytearray(base64.urlsafe_b64decode(token))
    raw[-1] ^= 1
    forged = base64.urlsafe_b64encode(raw).decode()
    unknown = base64.urlsafe_b64encode(uuid4().bytes + bytes(raw[16:])).decode()
    for each in (forged, unknown, token[:-4], "nonsense", "%C3%A9"):
        answer = await counter.http.get(f"/api/v1/quotes/{each}")
        assert (answer.status_code, answer.json()["code"]) == (404, "quote_invalid"), each


async def test_a_quote_altered_where_it_rests_is_no_quote_any_more(
    counter: Counter, database: Database
) -> None:
    token = (await counter.quote())["token"]
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE pricing_quotes SET document = replace(document, '48000', '48001')")
        )
    answer = await counter.http.get(f"/api/v1/quotes/{token}")
    assert (answer.status_code, answer.json()["code"]) == (404, "quote_invalid")


async def test_a_stored_quote_follows_from_its_stored_inputs_byte_for_byte(
    counter: Counter, database: Database, settings: CloudSettings
) -> None:
    await counter.configure(
        weekend=[5, 6],
        charges=[
            {
                "name": "City tax",
                "kind": "fixed",
                "amount": {"minor": 3_50, "currency": "USD"},
                "per": "guest_night",
            }
        ],
    )
    await counter.made("/exchange-rates", base="USD", quote="PEN", value="3.7419")
    await counter.special(4)
    made = await counter.quote(0, 7, guests=2)
    vault = Vault(settings.secret_key.get_secret_value())
    async with database.transaction() as session:
        assert await service.verify(session, vault, counter.hotel.organisation_id, made["id"])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"check_in": None}, "dates_missing"),
        ({"check_out": None}, "dates_missing"),
        ({"check_in": "07/01/2030"}, "dates_unreadable"),
        ({"check_in": "2030-02-30"}, "dates_unreadable"),
        ({"guests": 0}, "guests_not_positive"),
        ({"guests": -3}, "guests_not_positive"),
        ({"guests": "two"}, "invalid_request"),
        ({"unit_ids": ["nobody"]}, "invalid_request"),
        ({"unit_ids": []}, "units_unclear"),
        ({"unit_ids": [str(uuid4())]}, "nothing_on_sale"),
        ({"check_in": "2020-01-01"}, "check_in_past"),
        ({"check_in": "9999-12-30", "check_out": "9999-12-31"}, "stay_too_long"),
        ({"check_in": "0001-01-01"}, "check_in_past"),
        ({"service_ids": [str(uuid4())]}, "service_not_offered"),
        ({"wish": 1}, "invalid_request"),
    ],
)
async def test_what_is_wrong_with_a_wish_is_said(
    counter: Counter, asked: dict[str, object], code: str
) -> None:
    assert (await counter.refusal(**asked))["code"] == code  # type: ignore[arg-type] # fields of the body


async def test_departure_must_be_after_arrival(counter: Counter) -> None:
    assert (await counter.refusal(2, 2))["code"] == "dates_reversed"
    assert (await counter.refusal(2, 1))["code"] == "dates_reversed"
    assert (await counter.refusal(0, 401))["code"] == "stay_too_long"


async def test_today_is_the_houses_own(counter: Counter) -> None:
    made = await counter.quote(check_in=counter.today.isoformat())
    assert made["check_in"] == counter.today.isoformat()
    yesterday = (counter.today - timedelta(days=1)).isoformat()
    assert (await counter.refusal(check_in=yesterday))["code"] == "check_in_past"


async def test_units_of_one_property_are_priced_together(counter: Counter) -> None:
    rooms = [str(each) for each in counter.hotel.room_units[:2]]
    made = await counter.quote(0, 1, unit_ids=rooms)
    assert made["total"]["minor"] == 480_00
    assert (await counter.refusal(unit_ids=[rooms[0], rooms[0]]))["code"] == "units_unclear"


async def test_a_property_of_several_units_asks_which_is_meant(counter: Counter) -> None:
    refused = await counter.refusal(unit_ids=None, property_id=counter.place)
    assert refused["code"] == "units_unclear"
    assert counter.room in refused["unit_ids"]


async def test_a_property_with_one_unit_on_sale_is_enough(counter: Counter) -> None:
    tenant = counter.hotel.tenant
    for unit in (*counter.hotel.room_units[1:], counter.hotel.whole_unit):
        await tenant.delete(f"/units/{unit}")
    made = await counter.quote(unit_ids=None, property_id=counter.place)
    assert made["unit_ids"] == [counter.room]


async def test_a_unit_in_the_archive_has_no_price(counter: Counter) -> None:
    await counter.hotel.tenant.delete(f"/units/{counter.room}")
    assert (await counter.refusal())["code"] == "nothing_on_sale"


async def test_a_free_special_date_wants_its_minimum_stay(counter: Counter) -> None:
    await counter.special(3, nights=3)
    refused = await counter.refusal(2, 4)
    assert (refused["code"], refused["minimum_nights"]) == ("special_date_minimum", 3)
    assert refused["special_date"] == counter.day(3).isoformat()
    assert (await counter.quote(2, 5))["total"]["minor"] == 1480_00


async def test_a_special_date_somebody_has_already_forbids_nothing(counter: Counter) -> None:
    await counter.special(3, nights=3)
    await counter.book(counter.room, 3, 6)
    assert (await counter.quote(1, 3))["total"]["minor"] == 480_00


async def test_a_units_own_special_date_counts_before_its_propertys(counter: Counter) -> None:
    await counter.special(0)
    await counter.made(
        "/special-dates",
        property_id=counter.place,
        unit_id=counter.room,
        name="Fiesta here",
        month=counter.day(0).month,
        day=counter.day(0).day,
        price={"minor": 5_00, "currency": "PEN"},
    )
    assert (await counter.quote(0, 1))["total"]["minor"] == 5_00
    other = str(counter.hotel.room_units[1])
    assert (await counter.quote(0, 1, unit_ids=[other]))["total"]["minor"] == 1000_00


async def test_services_of_the_property_are_sold_with_the_stay(counter: Counter) -> None:
    price = {"minor": 30_00, "currency": "PEN"}
    await counter.made("/services", name="Cleaning", mandatory=True, price=price)
    boat = await counter.made(
        "/services", name="Boat", per_night=True, per_person=True, price=price,
        property_ids=[counter.place],
    )  # fmt: skip
    assert (await counter.quote())["totals"]["services"] == 30_00
    made = await counter.quote(0, 2, guests=2, service_ids=[boat["id"]])
    assert made["totals"]["services"] == 150_00


async def test_the_rate_of_the_day_counts_and_not_a_later_one(counter: Counter) -> None:
    await counter.configure(second_currency="USD")
    soon = counter.clock.utc_now() + timedelta(days=1)
    await counter.made("/exchange-rates", base="USD", quote="PEN", value="4")
    await counter.made(
        "/exchange-rates", base="USD", quote="PEN", value="2", valid_from=soon.isoformat()
    )
    assert (await counter.quote(0, 1))["second_totals"]["total"] == 60_00
    counter.clock.advance(timedelta(days=1))
    assert (await counter.quote(0, 1))["second_totals"]["total"] == 120_00


async def test_the_same_key_gives_the_same_quote(counter: Counter) -> None:
    key = {"idempotency-key": uuid4().hex}
    body = counter.stay()
    first, again = [
        await counter.http.post("/api/v1/quotes", json=body, headers=key) for _ in range(2)
    ]
    assert first.json() == again.json()


async def test_a_quote_nobody_booked_by_is_forgotten_a_month_after_it_expired(
    counter: Counter, database: Database, settings: CloudSettings
) -> None:
    made, booked = await counter.quote(), await counter.quote()
    tenant = counter.hotel.organisation_id
    async with database.transaction() as session:
        await service.keep_quote(session, tenant, booked["id"])
        await service.keep_quote(session, tenant, booked["id"])
    assert await _tidy(database, counter.clock) == {"forgotten": 0}
    counter.clock.advance(timedelta(days=32))
    assert await _tidy(database, counter.clock) == {"forgotten": 1}
    assert await _tidy(database, counter.clock) == {"forgotten": 0}
    vault = Vault(settings.secret_key.get_secret_value())
    async with database.transaction() as session:
        kept = await service.kept_quote(session, vault, tenant, booked["id"])
        assert kept.token == booked["token"]
        with pytest.raises(QuoteInvalid):
            await service.kept_quote(session, vault, tenant, made["id"])


async def test_nobody_keeps_or_reads_a_quote_of_another_organisation(
    counter: Counter, stranger: Tenant, database: Database, settings: CloudSettings
) -> None:
    made = await counter.quote()
    vault = Vault(settings.secret_key.get_secret_value())
    async with database.transaction() as session:
        with pytest.raises(QuoteInvalid):
            await service.keep_quote(session, stranger.organisation_id, made["id"])
        with pytest.raises(QuoteInvalid):
            await service.kept_quote(session, vault, stranger.organisation_id, made["id"])


async def _tidy(database: Database, clock: Clock) -> dict[str, int]:
    async with database.transaction() as session:
        return await forget_quotes(session, clock)
