"""How does the demo's host take money, and how does a guest of the demo pay?

The provider is a played Mercado Pago (`portero payer`): a process of its own, on a socket, with a
page where somebody at the keyboard pays too.
"""

import asyncio

import httpx

from portero.demo.client import Answer, Caller, caller, text
from portero.demo.ground import Ground
from portero.demo.processes import Troupe
from portero.demo.seed import Place
from portero.demo.voice import StoryError, expect
from portero.demo.waiting import until, until_answers
from portero.verbs.payer import credentials

_LABEL = "The played Mercado Pago"
_PROVIDER = "mercado_pago"
_SOON = 20.0


def start_payer(ground: Ground, troupe: Troupe) -> None:
    """The played Mercado Pago."""
    folder, port = str(ground.folder / "payer"), str(ground.ports.payer)
    troupe.start("payer", "payer", "--folder", folder, "--port", port)


async def open_till(ground: Ground, troupe: Troupe, host: Caller, place: Place) -> None:
    """Once: an account at the provider, offered to guests, and what a stay costs besides nights."""
    await until_answers(ground.payer_url, troupe)
    accounts = items(await host.get("/api/v1/payment-accounts"), "items")
    if any(each.get("label") == _LABEL for each in accounts):
        return
    known = await asyncio.to_thread(credentials, ground.folder / "payer")
    house = await host.get(f"/api/v1/houses/{place.house}")
    owned = text(house, "property_id")
    cleaning = {"minor": 4_000, "currency": "PEN"}
    service = {"name": "Cleaning", "mandatory": True, "price": cleaning, "property_ids": [owned]}
    await host.post("/api/v1/services", service)
    body = {"provider": _PROVIDER, "label": _LABEL, "credentials": known}
    account = await host.post("/api/v1/payment-accounts", body)
    offers = [{"provider": _PROVIDER, "account_id": text(account, "id")}]
    await host.put(f"/api/v1/properties/{owned}/payment-settings", {"offers": offers})


async def link(host: Caller, reservation: str) -> str:
    """The host's link with which whoever has it can pay the booking: a path in the cloud."""
    folio = await host.get(f"/api/v1/folios/of/{reservation}")
    made = await host.post(f"/api/v1/folios/{text(folio, 'id')}/links")
    return text(made, "path")


async def page_to_pay(ground: Ground, troupe: Troupe, path: str) -> str:
    """The guest chooses the provider at the link; the address of the page to pay at."""
    guest = caller(ground.cloud_url)
    await guest.post(path, {"provider": _PROVIDER})
    found: list[str] = []

    async def is_there() -> bool:
        payment = (await guest.get(path)).get("payment")
        url = payment.get("pay_url") if isinstance(payment, dict) else None
        found[:] = [url] if isinstance(url, str) else []
        return bool(found)

    await until(is_there, _SOON, "there is no page to pay at", troupe=troupe)
    return found[0]


async def press_pay(url: str) -> None:
    """What a person does on the page."""
    async with httpx.AsyncClient(timeout=20.0) as browser:
        answer = await browser.post(url, data={"answer": "approved"})
    expect(answer.is_redirect, f"the page answered {answer.status_code}")


def told(price: object) -> str:
    """An amount as people read it; StoryError where it is none."""
    if isinstance(price, dict):
        minor, currency = price.get("minor"), price.get("currency")
        if isinstance(minor, int):
            return f"{currency} {minor // 100}.{minor % 100:02}"
    raise StoryError(f"that is no amount: {price}")


def items(answer: Answer, name: str) -> list[Answer]:
    """A member that must be a list of objects; empty where it is none."""
    found = answer.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
