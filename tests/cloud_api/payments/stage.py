"""How does a test run a till: folios, guests with links, a provider that is played, and a worker?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import CursorResult, text

from cloud_api.kit.db import Database
from cloud_api.kit.errands import AnyErrand
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.payments import service
from cloud_api.payments.types import ChargeLine, Folio, Opening
from portero.simulators.kit import Stage
from portero.simulators.mercadopago import MercadoPago, Payment
from portero.simulators.post import Sent
from tests.builders import HandClock, JsonDict, SmallHotel

CREDENTIALS = {
    "access_token": "APP_USR-a-token-of-this-test-only",
    "webhook_secret": "a-webhook-secret-of-this-test-only",
    "collector_id": "4711",
}


@dataclass
class Till:
    """One hotel that takes money through a played Mercado Pago."""

    hotel: SmallHotel
    database: Database
    clock: HandClock
    tools: Tools
    vendor: MercadoPago
    stage: Stage
    errands: dict[str, AnyErrand]
    account: JsonDict = field(default_factory=dict)

    @property
    def http(self) -> httpx.AsyncClient:
        return self.hotel.tenant.client

    async def open(self, minor: int = 30_000, *, deposit: int | None = None) -> Folio:
        """A booking that owes so much."""
        opening = Opening(
            organisation_id=self.hotel.organisation_id,
            property_id=self.hotel.property_id,
            subject_id=uuid4(),
            currency="PEN",
            title="Three nights by the sea",
            payer_name="Ana Guest",
            payer_email="ana@example.org",
            deposit=None if deposit is None else Money(deposit, "PEN"),
        )
        async with self.database.transaction() as session:
            folio = await service.open_folio(session, opening)
            line = ChargeLine("nights", "night", "3 nights", Money(minor, "PEN"))
            return await service.charge(session, folio, [line])

    async def folio(self, folio: Folio) -> Folio:
        """As it stands now."""
        async with self.database.transaction() as session:
            found = await service.folio(session, folio.subject_id)
            assert found is not None
            return found

    async def due(self, folio: Folio) -> int:
        return (await self.folio(folio)).balance.due.minor

    async def close(self, folio: Folio) -> None:
        async with self.database.transaction() as session:
            await service.close_folio(session, folio, because="expired")

    async def link(self, folio: Folio) -> str:
        async with self.database.transaction() as session:
            return await service.payment_link(session, folio, self.tools)

    async def pay(self, token: str, **wish: object) -> httpx.Response:
        """A guest chooses how to pay."""
        body = {"provider": "mercado_pago", **wish}
        return await self.http.post(f"/api/v1/pay/{token}", json=body)

    async def state(self, token: str) -> JsonDict:
        answer = await self.http.get(f"/api/v1/pay/{token}/return")
        assert answer.status_code == 200, answer.text
        found: JsonDict = answer.json()
        return found

    async def begun(self, folio: Folio) -> str:
        """A guest has chosen the provider's page, and a worker has asked for it; its preference."""
        token = await self.link(folio)
        answer = await self.pay(token)
        assert answer.status_code == 201, answer.text
        await self.work()
        return next(reversed(self.vendor.preferences))

    async def paid(self, folio: Folio) -> Payment:
        """The same, and the guest has paid and we were told."""
        payment = self.vendor.pay(await self.begun(folio))
        assert await self.bring(self.vendor.notice(payment)) == [200]
        await self.work()
        return payment

    async def bring(self, sent: Sent, *, times: int = 1) -> list[int]:
        """A webhook comes to our door; what was answered."""
        return [await self._bring(sent) for _ in range(times)]

    async def _bring(self, sent: Sent) -> int:
        answer = await self.http.post(
            self.account["webhook_path"],
            content=sent.content,
            headers=dict(sent.headers),
            params=dict(sent.params),
        )
        return answer.status_code

    async def work(self, *names: str) -> int:
        """A worker does what is due, of these errands or of all."""
        ran = 0
        while True:
            taken = 0
            for errand in [self.errands[name] for name in names or self.errands]:
                taken += await errand.round(self.database.transaction, self.tools)
            if not taken:
                return ran
            ran += taken

    async def reconcile(self, *, everything: bool = False) -> None:
        path = f"/admin/jobs/payments/reconcile?everything={str(everything).lower()}"
        answer = await self.hotel.tenant.post(path)
        assert answer.status_code == 202, answer.text
        await self.work()

    async def events(self, name: str | None = None) -> list[JsonDict]:
        rows = await self.sql(
            "SELECT name, payload FROM events_outbox WHERE name LIKE 'payments.%' ORDER BY id"
        )
        return [row.payload for row in rows if name in {None, row.name}]

    async def event_names(self) -> list[str]:
        rows = await self.sql(
            "SELECT name FROM events_outbox WHERE name LIKE 'payments.%' ORDER BY id"
        )
        return [row.name for row in rows]

    async def matters(self, **params: str) -> list[JsonDict]:
        answer = await self.hotel.tenant.get("/money-to-resolve", **params)
        assert answer.status_code == 200, answer.text
        found: list[JsonDict] = answer.json()["items"]
        return found

    async def payments(self, folio: Folio) -> list[JsonDict]:
        return list((await self.seen(folio))["payments"])

    async def seen(self, folio: Folio) -> JsonDict:
        """The folio as staff see it."""
        answer = await self.hotel.tenant.get(f"/folios/{folio.id}")
        assert answer.status_code == 200, answer.text
        found: JsonDict = answer.json()
        return found

    async def sql(self, statement: str, **values: object) -> Sequence[Any]:
        async with self.database.transaction() as session:
            found = await session.execute(text(statement), values)
            return found.all() if isinstance(found, CursorResult) and found.returns_rows else []

    async def settings(self, **changes: object) -> None:
        """How the property takes money; all ways of this room by default."""
        body = {
            "bank_details": "Banco de prueba, 1234",
            "offers": [
                {"provider": "mercado_pago", "account_id": self.account["id"]},
                {"provider": "manual"},
                {"provider": "stored_value"},
            ],
            **changes,
        }
        path = f"/properties/{self.hotel.property_id}/payment-settings"
        answer = await self.hotel.tenant.put(path, body)
        assert answer.status_code == 200, answer.text

    async def sums(self, folio: Folio) -> int:
        """Charges - payments + refunds - due, by the lines themselves; zero or something is lost."""
        rows = await self.sql(
            "SELECT kind, amount_minor FROM folio_lines WHERE folio_id = :id", id=folio.id
        )
        signs = {"charge": 1, "payment": -1, "refund": 1}
        total: int = sum(signs[row.kind] * row.amount_minor for row in rows)
        return total - await self.due(folio)


def soles(minor: int) -> Decimal:
    return Decimal(minor) / 100


def uuid(text_: str) -> UUID:
    return UUID(text_)
