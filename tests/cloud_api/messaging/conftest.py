"""A mail server that can misbehave, and somebody to write to."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI
from sqlalchemy import text

from cloud_api.kit.db import Database
from cloud_api.kit.errands import Errand
from cloud_api.kit.jobs import Tools
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.vault import Vault
from cloud_api.messaging import service
from cloud_api.messaging.jobs import errands
from cloud_api.messaging.types import MessageEvent, Recipient, Value
from cloud_api.settings import CloudSettings
from tests.builders import HandClock, JsonDict, Tenant, found_tenant


@dataclass
class Sink:
    """Takes mails; `at_rcpt` and `at_data` are what it answers, `drops`: silent after DATA."""

    mails: list[EmailMessage] = field(default_factory=list)
    at_rcpt: str = "250 OK"
    at_data: str = "250 OK"
    drops: bool = False
    port: int = 0
    lines: list[SMTP] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.at_rcpt

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if self.drops:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.at_data


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, loop=loop), "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    yield sink
    server.close()


@dataclass
class Post:
    """An organisation that writes to people, and the worker that carries it."""

    tenant: Tenant
    database: Database
    clock: HandClock
    tools: Tools
    errand: Errand[Any, Any]

    async def told(
        self,
        variables: Mapping[str, Value],
        event: MessageEvent = MessageEvent.PAID_IN_FULL,
        *,
        key: str = "fact",
        to: Recipient | None = None,
    ) -> tuple[UUID, ...]:
        async with self.database.transaction() as session:
            return await service.tell(
                session,
                self.tenant.organisation_id,
                event=event,
                to=to or Recipient("Ana", email="ana@example.org"),
                variables=variables,
                key=key,
                vault=self.tools.vault,
                now=self.clock.utc_now(),
                zone="America/Lima",
            )

    async def carry(self) -> int:
        return await self.errand.round(self.database.transaction, self.tools)

    async def read(self, message_id: UUID) -> JsonDict:
        answer = await self.tenant.get(f"/messages/{message_id}")
        assert answer.status_code == 200, answer.text
        shown: JsonDict = answer.json()
        return shown

    async def sql(self, statement: str, **values: object) -> list[Any]:
        async with self.database.transaction() as session:
            found = await session.execute(text(statement), values)
            return list(found.all())


@pytest.fixture
async def post(  # noqa: PLR0917 - fixtures
    cloud_app: FastAPI,
    http: httpx.AsyncClient,
    database: Database,
    settings: CloudSettings,
    clock: HandClock,
    sink: Sink,
) -> AsyncIterator[Post]:
    del cloud_app
    tenant = await found_tenant(database, http)
    account = {
        "channel": "email",
        "credentials": {
            "host": "127.0.0.1",
            "port": str(sink.port),
            "security": "plain",
            "from_address": "hello@casa.example",
            "from_name": "Casa",
        },
    }
    kept = await tenant.put("/channel-accounts", account)
    assert kept.status_code == 200, kept.text
    vault = Vault(settings.secret_key.get_secret_value())
    async with Outgoing() as outgoing:
        (errand,) = errands(outgoing, public_url="https://portero.example")
        assert isinstance(errand, Errand)
        yield Post(tenant, database, clock, Tools(clock=clock, vault=vault), errand)
