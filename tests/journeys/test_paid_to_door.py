"""A guest's own money opens the door, and a stay that is given up takes the key and gives it back."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from cloud_api.kit.clock import Clock
from tests.builders import JsonDict
from tests.journeys.purse import Purse, flow, mercado_pago
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Town
from tests.journeys.world import World

pytestmark = pytest.mark.journey

# Half of it goes back to whoever gives a stay up on the day of arrival.
KEPT_PERCENT = 50
PRICE, BACK = Decimal(360), Decimal(180)


@pytest.mark.parametrize("opened", [mercado_pago, flow], ids=["mercado_pago", "flow"])
async def test_i_paid_and_the_answer_was_lost_yet_my_door_opens_and_half_comes_back_when_i_cancel(
    new_town: NewTown, opened: Callable[[Clock], AbstractAsyncContextManager[Purse]]
) -> None:
    world = World()
    async with (
        opened(world) as purse,
        new_town(vendors={purse.name: purse.stage.url}, world=world) as town,
    ):
        await _takes_money(town, purse)
        held = await _quoted_and_held(town)
        reference = await _paid_by_link(town, purse, held)
        await _is(town, held, "confirmed")
        assert await purse.tell(reference) == [200, 200, 200]  # again, and late: nothing new

        stay = await town.stay_of(held["id"])
        guest = await town.in_house(stay)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 1
        assert (purse.taken(), purse.given_back()) == (PRICE, Decimal())

        await town.host.post(f"/api/v1/reservations/{held['id']}/cancel", {"reason": "ill"})
        await _given_back(town, purse, held)
        await town.delivered()
        assert (await guest.tap(town.place.locks[FRONT]))["refusal"] == "revoked"
        assert town.house.openings(FRONT) == 1
        receipt = await _receipt(town, held)
        assert receipt.count("180.00") >= 2, receipt  # what went back, and the fee
        assert "360.00" in receipt, receipt
        folio = await town.host.get(f"/api/v1/folios/of/{held['id']}")
        assert (folio["balance"]["due"]["minor"], len(folio["payments"])) == (0, 1)
        assert (await town.host.get("/api/v1/money-to-resolve"))["items"] == []


async def _takes_money(town: Town, purse: Purse) -> None:
    """The host has an account there, offers it, and says what goes back."""
    body = {"provider": purse.name, "label": "Ours", "credentials": purse.credentials}
    account = await town.host.post("/api/v1/payment-accounts", body)
    at = f"/api/v1/properties/{town.place.owned}/payment-settings"
    offers = [{"provider": purse.name, "account_id": account["id"]}]
    put = await town.host.http.put(at, json={"offers": offers}, headers=town.host.headers)
    assert put.status_code == 200, put.text
    policy = {"name": "Half", "days_before": 0, "refund_percent": KEPT_PERCENT}
    await town.host.post("/api/v1/cancellation-policies", policy)


async def _quoted_and_held(town: Town) -> JsonDict:
    first = town.today()
    last = first + timedelta(days=2)
    wish = {
        "unit_ids": [town.place.units["Sea room"]],
        "check_in": first.isoformat(),
        "check_out": last.isoformat(),
    }
    quote = await town.person().post("/api/v1/quotes", wish)
    held = await town.ask("Sea room", first, last, quote=quote["token"])
    assert held.status_code == 201, held.text
    made: JsonDict = held.json()
    assert made["price"] == {"minor": int(PRICE) * 100, "currency": "PEN"}
    return made


async def _paid_by_link(town: Town, purse: Purse, held: JsonDict) -> str:
    """The guest pays all of it by the host's link; the provider's reference."""
    folio = await town.host.get(f"/api/v1/folios/of/{held['id']}")
    link = await town.host.post(f"/api/v1/folios/{folio['id']}/links")
    guest = town.person()
    purse.fall_silent()
    wish = {"provider": purse.name, "part": "balance", **purse.wish()}
    state = await guest.post(link["path"], wish)
    assert state["state"] == "pending"
    reference = str((await _payment(town, held))["reference"])

    async def knows() -> bool:
        """Charged already, or a page to pay at: then the guest pays there, and we are told."""
        if purse.taken():
            return True
        return bool((await guest.get(link["path"]))["payment"]["pay_url"])

    await until(knows, "there is nowhere to pay")
    if not purse.taken():
        purse.pay_on_its_page(reference)
        assert await purse.tell(reference) == [200, 200, 200]

    async def is_paid() -> bool:
        return bool((await guest.get(link["path"]))["state"] == "paid")

    await until(is_paid, "the payment whose answer was lost was not found", seconds=60)
    assert all(each.times == 0 for each in purse.stage.script), "no answer was lost"
    return reference


async def _payment(town: Town, held: JsonDict) -> JsonDict:
    [payment] = (await town.host.get(f"/api/v1/folios/of/{held['id']}"))["payments"]
    found: JsonDict = payment
    return found


async def _is(town: Town, held: JsonDict, status: str) -> None:
    async def so() -> bool:
        found = await town.host.get(f"/api/v1/reservations/{held['id']}")
        return bool(found["status"] == status)

    await until(so, f"it did not become {status}")


async def _given_back(town: Town, purse: Purse, held: JsonDict) -> None:
    async def so() -> bool:
        return bool((await _payment(town, held))["refunded"]["minor"] == int(BACK) * 100)

    await until(so, "the money did not go back")
    assert (purse.taken(), purse.given_back()) == (PRICE, BACK)


async def _receipt(town: Town, held: JsonDict) -> str:
    path = f"/api/v1/reservations/{held['id']}/papers/receipt?language=en"
    answer = await town.host.try_get(path)
    assert answer.status_code == 200, answer.text
    pages = PdfReader(BytesIO(answer.content)).pages
    return "\n".join(page.extract_text() for page in pages)
