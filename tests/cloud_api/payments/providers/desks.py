"""How does a test stand behind the desk of each vendor: pay, refuse, charge back, look at the till?

One class a vendor, one line in `DESKS`; the suite of `test_provider_contract.py` does the rest.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments.ports import Provider
from cloud_api.payments.providers.flow import Flow
from cloud_api.payments.providers.mercadopago import MercadoPago
from cloud_api.payments.providers.openpay import OpenPay
from cloud_api.payments.providers.stripe import Stripe
from cloud_api.payments.types import Account, Notice, PaymentState, ProviderName, Seen, Wish
from portero.simulators import flow as simulated_flow
from portero.simulators import mercadopago as simulated_mercadopago
from portero.simulators import openpay as simulated_openpay
from portero.simulators import stripe as simulated_stripe
from portero.simulators.kit import Stage, playing
from portero.simulators.post import Sent
from tests.builders import HandClock

OURS = "https://cloud.test"
FLOW_KEYS = {"environment": "sandbox", "api_key": "1F90971E-FLOW", "secret_key": "0sekrit0flow0"}
STRIPE_KEYS = {"secret_key": "sk_test_0sekrit0", "webhook_secret": "whsec_0sekrit0"}
MERCADO_PAGO_KEYS = {
    "access_token": "APP_USR-0sekrit0",
    "webhook_secret": "0sekrit0webhook",
    "collector_id": "4711",
}
OPENPAY_KEYS = {
    "country": "pe",
    "environment": "sandbox",
    "merchant_id": "mer0portero",
    "private_key": "sk_0sekrit0openpay",
    "webhook_user": "portero",
    "webhook_password": "0sekrit0door",
}


@dataclass(slots=True)
class Desk(ABC):
    """Behind one vendor's desk. Payments go by what was wished.

    What the vendor cannot do (tell of disputes, show refunds, sign, show what nobody has tried to
    pay) the suite does not ask of it.
    """

    begin_path: ClassVar[str]
    refund_path: ClassVar[str]
    disputes: ClassVar[bool] = True
    shows_refunds: ClassVar[bool] = True
    signs: ClassVar[bool] = True
    shows_untried: ClassVar[bool] = True
    amounts: ClassVar[Sequence[Money]]

    provider: Provider
    account: Account
    stage: Stage
    clock: HandClock
    secrets: Sequence[str] = ()

    def wish(self, amount: Money | None = None) -> Wish:
        """A new payment that somebody wants to make."""
        payment_id = uuid4()
        return Wish(
            payment_id=payment_id,
            reference=f"PT-{payment_id.hex}",
            amount=amount or self.amounts[0],
            description="Casa Azul, 3 nights",
            return_url=f"{OURS}/pay/back",
            notify_url=f"{OURS}/api/v1/payments/notices/key",
            payer_name="Ana Ruiz Soto",
            payer_email="ana@example.test",
            language="es",
        )

    @abstractmethod
    def elsewhere(self, outgoing: Outgoing) -> Provider:
        """The same adapter on another way out."""

    @abstractmethod
    def pay(self, wish: Wish) -> None:
        """The payer pays."""

    @abstractmethod
    def reject(self, wish: Wish) -> None:
        """The payer's bank refuses, for good."""

    @abstractmethod
    def cancel(self, wish: Wish) -> None:
        """Nobody paid in time."""

    @abstractmethod
    def charge_back(self, wish: Wish) -> None:
        """The payer's bank takes it back."""

    @abstractmethod
    def refund_by_hand(self, wish: Wish, amount: Money) -> None:
        """Given back in the vendor's own console."""

    @abstractmethod
    def payable(self, wish: Wish) -> int:
        """How often it can be paid."""

    @abstractmethod
    def taken(self, wish: Wish) -> int:
        """How often it was paid."""

    @abstractmethod
    def given_back(self, wish: Wish) -> Sequence[Decimal]:
        """Each time something went back."""

    @abstractmethod
    def tell(self, wish: Wish) -> Sent:
        """A genuine notice that it was paid."""

    @abstractmethod
    def forged(self, wish: Wish) -> Mapping[str, Sent]:
        """What nobody may believe, by what is wrong with it."""


@dataclass(slots=True)
class OpenPayDesk(Desk):
    """OpenPay in Peru."""

    vendor: simulated_openpay.OpenPay = field(kw_only=True)
    begin_path = "/charges"
    refund_path = "/refund"

    amounts = (Money(45_010, "PEN"), Money(1, "PEN"), Money(9_007_199_254_740_991, "USD"))

    def elsewhere(self, outgoing: Outgoing) -> Provider:
        return OpenPay(outgoing)

    def pay(self, wish: Wish) -> None:
        self.vendor.pay(wish.reference)

    def reject(self, wish: Wish) -> None:
        self.vendor.reject(wish.reference)

    def cancel(self, wish: Wish) -> None:
        self.vendor.cancel(wish.reference)

    def charge_back(self, wish: Wish) -> None:
        self.vendor.charge_back(wish.reference)

    def refund_by_hand(self, wish: Wish, amount: Money) -> None:
        self.vendor.refund(wish.reference, Decimal(amount.minor).scaleb(-2))

    def payable(self, wish: Wish) -> int:
        return sum(each.order_id == wish.reference for each in self.vendor.charges.values())

    def taken(self, wish: Wish) -> int:
        paid = {"completed", "refunded", "chargeback_pending"}
        ours = [each for each in self.vendor.charges.values() if each.order_id == wish.reference]
        return sum(each.status in paid for each in ours)

    def given_back(self, wish: Wish) -> Sequence[Decimal]:
        return [Decimal(str(each["_amount"])) for each in self.vendor.of(wish.reference).refunds]

    def tell(self, wish: Wish) -> Sent:
        return self.vendor.notice("charge.succeeded", wish.reference)

    def forged(self, wish: Wish) -> Mapping[str, Sent]:
        real = self.tell(wish)
        headers = {"content-type": "application/json"}
        return {
            "another password": self.vendor.notice(
                "charge.succeeded", wish.reference, password="x"
            ),
            "no password": replace(real, headers=headers),
            "bearer": replace(
                real, headers=headers | {"authorization": "Bearer sk_0sekrit0openpay"}
            ),
            "not base64": replace(real, headers=headers | {"authorization": "Basic ???"}),
            "no JSON": replace(real, content=b"type=charge.succeeded"),
        }


@dataclass(slots=True)
class FlowDesk(Desk):
    """Flow in Chile."""

    vendor: simulated_flow.Flow = field(kw_only=True)
    begin_path = "/payment/create"
    refund_path = "/refund/create"
    disputes = False
    shows_refunds = False
    signs = False

    amounts = (Money(120_000, "CLP"), Money(350, "CLP"), Money(12_345, "PEN"))

    def elsewhere(self, outgoing: Outgoing) -> Provider:
        return Flow(outgoing, self.clock)

    def pay(self, wish: Wish) -> None:
        self.vendor.pay(wish.reference)

    def reject(self, wish: Wish) -> None:
        self.vendor.reject(wish.reference)

    def cancel(self, wish: Wish) -> None:
        self.vendor.cancel(wish.reference)

    def charge_back(self, wish: Wish) -> None:
        raise NotImplementedError

    def refund_by_hand(self, wish: Wish, amount: Money) -> None:
        raise NotImplementedError

    def payable(self, wish: Wish) -> int:
        # However many links there are: one of them can be paid.
        return min(1, sum(each.number == wish.reference for each in self.vendor.orders))

    def taken(self, wish: Wish) -> int:
        ours = [each for each in self.vendor.orders if each.number == wish.reference]
        return sum(each.status == simulated_flow.PAID for each in ours)

    def given_back(self, wish: Wish) -> Sequence[Decimal]:
        return [
            Decimal(each.params["amount"])
            for each in self.vendor.refunds
            if each.of.number == wish.reference
        ]

    def tell(self, wish: Wish) -> Sent:
        return self.vendor.notice(wish.reference)

    def forged(self, wish: Wish) -> Mapping[str, Sent]:
        real = self.tell(wish)
        return {
            "no token": replace(real, content=b""),
            "another name": replace(real, content=b"tokens=1"),
            "two tokens": replace(real, content=real.content + b"&token=2"),
            "a path": replace(real, content=b"token=..%2F..%2Fetc"),
            "a long one": replace(real, content=b"token=" + b"A" * 5000),
        }


@dataclass(slots=True)
class StripeDesk(Desk):
    """Stripe."""

    vendor: simulated_stripe.Stripe = field(kw_only=True)
    begin_path = "/sessions"
    refund_path = "/refunds"

    amounts = (
        Money(45_010, "EUR"),
        Money(12_000, "CLP"),
        Money(12_340, "KWD"),
        Money(700, "ISK"),
        Money(99_900, "MGA"),
    )

    def elsewhere(self, outgoing: Outgoing) -> Provider:
        return Stripe(outgoing, self.clock)

    def pay(self, wish: Wish) -> None:
        self.vendor.pay(wish.reference)

    def reject(self, wish: Wish) -> None:
        self.vendor.reject(wish.reference)

    def cancel(self, wish: Wish) -> None:
        self.vendor.cancel(wish.reference)

    def charge_back(self, wish: Wish) -> None:
        self.vendor.charge_back(wish.reference)

    def refund_by_hand(self, wish: Wish, amount: Money) -> None:
        self.vendor.refund(wish.reference, amount.minor)

    def payable(self, wish: Wish) -> int:
        return sum(each.reference == wish.reference for each in self.vendor.till.sessions.values())

    def taken(self, wish: Wish) -> int:
        ours = [each.intent for each in self.vendor.till.sessions.values() if each.intent]
        return sum(each.charge is not None for each in ours if _is_of(each.metadata, wish))

    def given_back(self, wish: Wish) -> Sequence[Decimal]:
        intent = self.vendor.of(wish.reference).intent
        assert intent is not None
        back = [each.amount for each in self.vendor.till.refunds if each.intent == intent.id]
        return [Decimal(each).scaleb(-2) for each in back]

    def tell(self, wish: Wish) -> Sent:
        events = [json.dumps(each) for each in self.vendor.events]
        return self.vendor.notice(
            next(at for at, each in enumerate(events) if wish.reference in each)
        )

    def forged(self, wish: Wish) -> Mapping[str, Sent]:
        real = self.tell(wish)
        again = json.dumps(json.loads(real.content), separators=(",", ":")).encode()
        signature = real.headers["stripe-signature"]
        now = self.clock.utc_now()
        minutes = timedelta(minutes=6)
        return {
            "another secret": self.vendor.notice(secret="whsec_other"),
            "unsigned": replace(real, headers={"content-type": "application/json"}),
            "altered": replace(real, content=real.content.replace(b"paid", b"PAID")),
            "encoded again": replace(real, content=again),
            "too old": self.vendor.notice(when=now - minutes),
            "of tomorrow": self.vendor.notice(when=now + minutes),
            "two stamps": replace(real, headers={"stripe-signature": f"t=1,{signature}"}),
            "another scheme": replace(
                real, headers={"stripe-signature": signature.replace("v1=", "v0=")}
            ),
            "no JSON": self.vendor.signed(b"hello"),
        }


@dataclass(slots=True)
class MercadoPagoDesk(Desk):
    """Mercado Pago in Peru."""

    vendor: simulated_mercadopago.MercadoPago = field(kw_only=True)
    begin_path = "/preferences"
    refund_path = "/refunds"
    shows_untried = False
    amounts = (Money(45_010, "PEN"), Money(12_000, "CLP"), Money(100, "BRL"))

    def elsewhere(self, outgoing: Outgoing) -> Provider:
        return MercadoPago(outgoing, self.clock)

    def pay(self, wish: Wish) -> None:
        self.vendor.pay(self._page(wish))

    def reject(self, wish: Wish) -> None:
        self.vendor.pay(self._page(wish), status="rejected")

    def cancel(self, wish: Wish) -> None:
        self.vendor.pay(self._page(wish), status="cancelled")

    def charge_back(self, wish: Wish) -> None:
        [payment] = self._payments(wish)
        self.vendor.turn(payment, "charged_back")

    def refund_by_hand(self, wish: Wish, amount: Money) -> None:
        [payment] = self._payments(wish)
        self.vendor.give_back(payment, Decimal(amount.minor).scaleb(-2))

    def payable(self, wish: Wish) -> int:
        return sum(each.reference == wish.reference for each in self.vendor.preferences.values())

    def taken(self, wish: Wish) -> int:
        paid = {"approved", "refunded", "charged_back"}
        return sum(each.status in paid for each in self._payments(wish))

    def given_back(self, wish: Wish) -> Sequence[Decimal]:
        return [each for payment in self._payments(wish) for each in payment.refunds]

    def tell(self, wish: Wish) -> Sent:
        return self.vendor.notice(self._payments(wish)[0])

    def forged(self, wish: Wish) -> Mapping[str, Sent]:
        [payment] = self._payments(wish)
        real = self.tell(wish)
        now = self.clock.utc_now()
        return {
            "another secret": self.vendor.notice(payment, secret="other"),
            "unsigned": replace(real, headers={"content-type": "application/json"}),
            "another payment": replace(real, params={"data.id": "1", "type": "payment"}),
            "another body": replace(
                real, content=real.content.replace(str(payment.id).encode(), b"1")
            ),
            "another request": replace(real, headers={**real.headers, "x-request-id": "other"}),
            "too old": self.vendor.notice(payment, at=now - timedelta(minutes=6)),
            "of tomorrow": self.vendor.notice(payment, at=now + timedelta(minutes=6)),
            "no JSON": replace(real, content=b"hello"),
        }

    def _page(self, wish: Wish) -> str:
        pages = self.vendor.preferences.values()
        return next(each.id for each in pages if each.reference == wish.reference)

    def _payments(self, wish: Wish) -> list[simulated_mercadopago.Payment]:
        made = self.vendor.payments.values()
        return [each for each in made if each.reference == wish.reference]


def _is_of(metadata: Mapping[str, str], wish: Wish) -> bool:
    return metadata.get("reference") == wish.reference


def heard(sent: Sent) -> Notice:
    """A webhook as our door hands it on."""
    headers = {name.lower(): value for name, value in sent.headers.items()}
    return Notice(headers=headers, query=dict(sent.params), body=sent.content)


def account_of(name: ProviderName, credentials: Mapping[str, str]) -> Account:
    """An organisation's account there."""
    return Account(
        id=uuid4(), organisation_id=uuid4(), provider=name, credentials=dict(credentials)
    )


@asynccontextmanager
async def openpay_desk(clock: HandClock) -> AsyncIterator[Desk]:
    """OpenPay on a socket."""
    keys = OPENPAY_KEYS
    vendor = simulated_openpay.OpenPay(
        clock,
        country=keys["country"],
        merchant_id=keys["merchant_id"],
        private_key=keys["private_key"],
        webhook=(keys["webhook_user"], keys["webhook_password"]),
    )
    async with playing(vendor.app) as stage, Outgoing({"openpay": stage.url}) as outgoing:
        yield OpenPayDesk(
            OpenPay(outgoing),
            account_of(ProviderName.OPENPAY, keys),
            stage,
            clock,
            secrets=(keys["private_key"], keys["webhook_password"]),
            vendor=vendor,
        )


@asynccontextmanager
async def flow_desk(clock: HandClock) -> AsyncIterator[Desk]:
    """Flow on a socket."""
    keys = FLOW_KEYS
    vendor = simulated_flow.Flow(clock, api_key=keys["api_key"], secret_key=keys["secret_key"])
    async with playing(vendor.app) as stage, Outgoing({"flow": stage.url}) as outgoing:
        yield FlowDesk(
            Flow(outgoing, clock),
            account_of(ProviderName.FLOW, keys),
            stage,
            clock,
            secrets=(keys["api_key"], keys["secret_key"]),
            vendor=vendor,
        )


@asynccontextmanager
async def stripe_desk(clock: HandClock) -> AsyncIterator[Desk]:
    """Stripe on a socket."""
    keys = STRIPE_KEYS
    vendor = simulated_stripe.Stripe(
        clock, secret_key=keys["secret_key"], webhook=keys["webhook_secret"]
    )
    async with playing(vendor.app) as stage, Outgoing({"stripe": stage.url}) as outgoing:
        yield StripeDesk(
            Stripe(outgoing, clock),
            account_of(ProviderName.STRIPE, keys),
            stage,
            clock,
            secrets=tuple(keys.values()),
            vendor=vendor,
        )


@asynccontextmanager
async def mercadopago_desk(clock: HandClock) -> AsyncIterator[Desk]:
    """Mercado Pago on a socket."""
    keys = MERCADO_PAGO_KEYS
    vendor = simulated_mercadopago.MercadoPago(
        clock,
        access_token=keys["access_token"],
        webhook_secret=keys["webhook_secret"],
        collector_id=int(keys["collector_id"]),
    )
    async with playing(vendor.app) as stage, Outgoing({"mercado_pago": stage.url}) as outgoing:
        yield MercadoPagoDesk(
            MercadoPago(outgoing, clock),
            account_of(ProviderName.MERCADO_PAGO, keys),
            stage,
            clock,
            secrets=(keys["access_token"], keys["webhook_secret"]),
            vendor=vendor,
        )


type OpenDesk = Callable[[HandClock], AbstractAsyncContextManager[Desk]]

# One line a provider.
DESKS: Mapping[ProviderName, OpenDesk] = {
    ProviderName.MERCADO_PAGO: mercadopago_desk,
    ProviderName.OPENPAY: openpay_desk,
    ProviderName.FLOW: flow_desk,
    ProviderName.STRIPE: stripe_desk,
}


async def paid(desk: Desk, amount: Money | None = None) -> tuple[Wish, Seen]:
    """Something that was paid, and how it stands."""
    wish = desk.wish(amount)
    begun = await desk.provider.begin(desk.account, wish)
    desk.pay(wish)
    found = await desk.provider.look(
        desk.account, reference=wish.reference, provider_id=begun.provider_id
    )
    assert found is not None
    assert found.state is PaymentState.PAID
    return wish, found
