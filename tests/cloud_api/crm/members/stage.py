"""Who comes again, how do they ask for a code, and where does it arrive?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI
from sqlalchemy import text

from cloud_api.crm.members.reactions import REACTIONS
from cloud_api.kit.db import Database
from cloud_api.kit.jobs import Tools
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.vault import Vault
from cloud_api.messaging.jobs import errands
from cloud_api.settings import CloudSettings
from cloud_api.worker import rooms, shift
from tests.builders import HandClock, JsonDict, SmallHotel
from tests.desk import Desk

EMAIL = "rosa@example.org"
PHONE = "+51987654321"
_TAKE = text("DELETE FROM events_outbox WHERE name = 'crm.code_wanted' RETURNING payload")


@dataclass
class Mailbox:
    """Every mail that came, as (to, text)."""

    mails: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain",))
        assert isinstance(body, EmailMessage)
        self.mails.append((envelope.rcpt_tos[0], body.get_content()))
        return "250 OK"


@dataclass
class Lobby:
    """The hotel seen by who comes again; `address` is where they ask from."""

    app: FastAPI
    desk: Desk
    settings: CloudSettings
    clock: HandClock
    database: Database
    mailbox: Mailbox
    address: str = "192.0.2.1"

    @property
    def hotel(self) -> SmallHotel:
        return self.desk.hotel

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str = "", **params: str
    ) -> httpx.Response:
        """One request of somebody outside, at `/members` and below."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, False, client=(self.address, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.request(
                method, f"/api/v1/members{path}", json=body, headers=headers, params=params
            )

    async def post(self, path: str, body: object, *, token: str = "") -> httpx.Response:
        return await self.ask("POST", path, body, token=token)

    def wish(self, purpose: str = "sign_in", contact: str = EMAIL, **more: str) -> JsonDict:
        channel = "email" if "@" in contact else "sms"
        place = str(self.hotel.property_id)
        asked = {"property_id": place, "purpose": purpose, "channel": channel, "contact": contact}
        return {**asked, **more}

    async def wanted(self, purpose: str = "sign_in", contact: str = EMAIL) -> JsonDict:
        """A code was asked for; the worker did what it does."""
        answer = await self.post("/codes", self.wish(purpose, contact))
        assert answer.status_code == 202, answer.text
        await self.work()
        asked: JsonDict = answer.json()
        return asked

    async def code(self, purpose: str = "sign_in", contact: str = EMAIL) -> JsonDict:
        """What somebody sends back who read the mail."""
        asked = await self.wanted(purpose, contact)
        return {"code_id": asked["code_id"], "code": self.read(contact)}

    def read(self, contact: str = EMAIL) -> str:
        """The code in the last mail to them."""
        text = next(text for to, text in reversed(self.mailbox.mails) if to == contact)
        (found,) = re.findall(r"\b[0-9]{6}\b", text)
        code: str = found
        return code

    async def signed_in(self, contact: str = EMAIL) -> str:
        """The token of somebody known."""
        answer = await self.post("/sessions", await self.code("sign_in", contact))
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def registered(self, contact: str = EMAIL, **more: str) -> str:
        body = {**await self.code("register", contact), "name": "Rosa", **more}
        answer = await self.post("/registrations", body)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def known(self, *contacts: str, **more: object) -> JsonDict:
        """A client whom staff wrote down."""
        points = [{"kind": "email" if "@" in each else "phone", "value": each} for each in contacts]
        return await self.hotel.tenant.made(
            "/clients", {"name": "Rosa", "contacts": points, **more}
        )

    async def work(self) -> None:
        """Wishes for codes are seen to, and mails go out: what the worker's parts do, by hand."""
        vault = Vault(self.settings.secret_key.get_secret_value())
        tools = Tools(clock=self.clock, vault=vault)
        async with self.database.transaction() as session:
            wishes = await session.scalars(_TAKE)
            for wish in wishes.all():
                for reaction in REACTIONS:
                    await reaction.react(session, wish, tools)
        async with Outgoing() as outgoing:
            for errand in errands(outgoing, public_url="https://portero.example"):
                while await errand.round(self.database.transaction, tools):
                    pass

    async def whole_worker(self) -> None:
        """All reactions and errands that wait, by the true worker; none may be given up."""
        crew = rooms.crew(self.settings, self.database, clock=self.clock)
        quick = replace(crew.pace, look_every=timedelta(milliseconds=50))
        await shift.drain_until_idle(replace(crew, pace=quick), seconds=60)
        rows = await self.sql("SELECT entrypoint, status FROM pgqueuer")
        assert not [row for row in rows if row.status not in {"queued", "picked"}]

    async def sql(self, statement: str, **values: object) -> list[Any]:
        return list(await self.desk.sql(statement, **values))


def but_ids(body: Mapping[str, object]) -> dict[str, object]:
    """An answer without what differs each time."""
    return {key: value for key, value in body.items() if key not in {"code_id", "request_id"}}
