"""With what does a guest in a journey pay? Played providers on sockets, each with its own mishaps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from cloud_api.kit.clock import Clock
from portero.simulators.flow import PAID, Flow
from portero.simulators.kit import Fault, FaultKind, Stage, playing
from portero.simulators.mercadopago import MercadoPago
from tests.builders import JsonDict

_ZERO = Decimal()


class Purse(Protocol):
    """One provider as a guest and its merchant see it. Amounts are in whole units."""

    name: str
    credentials: dict[str, str]
    stage: Stage

    def wish(self) -> JsonDict:
        """What the guest tells at the link besides which provider."""
        ...

    def fall_silent(self) -> None:
        """Once, when the money has been taken, the provider's answer is lost."""
        ...

    def pay_on_its_page(self, reference: str) -> None:
        """Where there is a page, the guest pays there."""
        ...

    async def tell(self, reference: str) -> list[int]:
        """Its notice of the payment comes to the address it was told; what was answered."""
        ...

    def taken(self) -> Decimal:
        """What it has taken of guests, by its own books."""
        ...

    def given_back(self) -> Decimal:
        """What it was told to give back, by its own books."""
        ...


@dataclass
class MercadoPagoPurse:
    """A card's token: the charge is made when it is asked for, and its answer runs into a 504."""

    vendor: MercadoPago
    stage: Stage
    credentials: dict[str, str]
    name: str = "mercado_pago"

    def wish(self) -> JsonDict:
        return {"card_token": "tok_camila", "card_method": "visa"}

    def fall_silent(self) -> None:
        late = HTTPStatus.GATEWAY_TIMEOUT
        self.stage.add_fault(
            Fault(FaultKind.STATUS_AFTER, path="/v1/payments", method="POST", status=late)
        )

    def pay_on_its_page(self, reference: str) -> None:
        """The card is charged already."""

    async def tell(self, reference: str) -> list[int]:
        [payment] = [each for each in self.vendor.captured if each.reference == reference]
        return await self.vendor.notice(payment).to(payment.notify_url, times=3)

    def taken(self) -> Decimal:
        return sum((each.amount for each in self.vendor.captured), _ZERO)

    def given_back(self) -> Decimal:
        return sum((each.refunded for each in self.vendor.captured), _ZERO)


@dataclass
class FlowPurse:
    """A page of the provider's: the guest pays there, and our reading of it is cut off."""

    vendor: Flow
    stage: Stage
    credentials: dict[str, str]
    name: str = "flow"

    def wish(self) -> JsonDict:
        return {}

    def fall_silent(self) -> None:
        self.stage.add_fault(Fault(FaultKind.CUT_AFTER, path="/payment/getStatus", method="GET"))

    def pay_on_its_page(self, reference: str) -> None:
        self.vendor.pay(reference)

    async def tell(self, reference: str) -> list[int]:
        told = urlsplit(self.vendor.of(reference).params["urlConfirmation"])
        door = f"{told.scheme}://{told.netloc}{told.path}"
        return await self.vendor.notice(reference).to(door, times=3)

    def taken(self) -> Decimal:
        return sum((each.amount for each in self.vendor.orders if each.status == PAID), _ZERO)

    def given_back(self) -> Decimal:
        return sum((Decimal(each.params["amount"]) for each in self.vendor.refunds), _ZERO)


@asynccontextmanager
async def mercado_pago(clock: Clock) -> AsyncIterator[Purse]:
    """Mercado Pago on a socket."""
    known = {
        "access_token": "APP_USR-of-this-journey-only",
        "webhook_secret": "a-webhook-secret-of-this-journey",
        "collector_id": "4711",
    }
    vendor = MercadoPago(
        clock, access_token=known["access_token"], webhook_secret=known["webhook_secret"]
    )
    async with playing(vendor.app) as stage:
        yield MercadoPagoPurse(vendor, stage, known)


@asynccontextmanager
async def flow(clock: Clock) -> AsyncIterator[Purse]:
    """Flow on a socket."""
    known = {"environment": "sandbox", "api_key": "key-of-this-journey", "secret_key": "its-secret"}
    vendor = Flow(clock, api_key=known["api_key"], secret_key=known["secret_key"])
    async with playing(vendor.app) as stage:
        yield FlowPurse(vendor, stage, known)
