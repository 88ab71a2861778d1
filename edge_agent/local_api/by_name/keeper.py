"""Is HTTPS offered under the house's own name now, and if not, why?

A certificate present: the second port listens. The name proven besides: the address is offered. One
without the other is never more than a word in the log; plain HTTP stays in any case.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from edge_agent.actions.explain import explain
from edge_agent.errors import EdgeError
from edge_agent.local_api.by_name.keys import Held, Issuer, NameKeys, NotTaken, Wanted
from edge_agent.local_api.by_name.proof import Mark, NameServer, Verdict, prove

_log = structlog.get_logger("portero.lan")

Listen = Callable[[ssl.SSLContext], Awaitable[None]]
"""Begins to listen on the second port; called once, when there is a certificate."""

TURN_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Name:
    """The name, the port of plain HTTP and the port of HTTPS, as people use them."""

    name: str
    plain_port: int
    port: int

    @property
    def address(self) -> str:
        """As `protocol.lan` writes it."""
        return f"https://{self.name}" + ("" if self.port == 443 else f":{self.port}")  # noqa: PLR2004 - HTTPS's own


class NameKeeper:
    """The life of one name's certificate. `turn` now and then; `offered` in between."""

    def __init__(
        self, name: Name, *, keys: NameKeys, issuer: Issuer, server: NameServer, mark: Mark
    ) -> None:
        self._name = name
        self._keys = keys
        self._issuer = issuer
        self._server = server
        self._mark = mark
        self._context: ssl.SSLContext | None = None
        self._loaded: Held | None = None
        self._refused: str | None = None
        self.verdict: Verdict | None = None

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler: what the house asks itself."""
        return self._mark.routes()

    @property
    def offered(self) -> str | None:
        """The address, while it is proven and there is a certificate behind it."""
        ready = self._loaded is not None and self.verdict is Verdict.PROVEN
        return self._name.address if ready else None

    async def turn(self, now: datetime, listen: Listen) -> None:
        """Prove, ask for a certificate where one is due, and use the newest."""
        before = self.verdict
        self.verdict = await prove(
            self._name.name, self._name.plain_port, server=self._server, mark=self._mark
        )
        if self.verdict is not before:
            _log.info("name_looked_up", verdict=self.verdict.value)
        held = self._keys.held()
        if self.verdict is Verdict.PROVEN and (held is None or held.is_due(now)):
            held = await self._renewed(held, now)
        if held is None or held.is_over(now):
            self._loaded = None
        elif held != self._loaded:
            await self._use(held, listen)

    @asynccontextmanager
    async def at_work(
        self,
        listen: Listen,
        *,
        now: Callable[[], Awaitable[datetime]],
        seconds: float = TURN_SECONDS,
    ) -> AsyncIterator[None]:
        """Turn by turn until the end; whatever goes wrong, plain HTTP goes on."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._turning(listen, now, seconds), name="own-name")
            try:
                yield
            finally:
                task.cancel()

    async def _turning(
        self, listen: Listen, now: Callable[[], Awaitable[datetime]], seconds: float
    ) -> None:
        while True:
            try:
                async with asyncio.timeout(60.0):
                    await self.turn(await now(), listen)
            except (EdgeError, OSError, TimeoutError) as error:
                _log.warning("name_waits", reason=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a door of the process: a name must not end it
                _log.error("name_failed", bug=explain(error))
            await asyncio.sleep(seconds)

    async def _renewed(self, held: Held | None, now: datetime) -> Held | None:
        """No request leaves the house for a name that does not lead to it."""
        wanted = Wanted(
            name=self._name.name, csr=self._keys.request(), expires=held and held.expires
        )
        chain = await self._issuer.issue(wanted)
        if chain is None:
            return held
        try:
            newest = self._keys.take(chain, now=now)
        except NotTaken as error:
            if self._refused != str(error):
                _log.warning("certificate_not_taken", reason=str(error))
            self._refused = str(error)
            return held
        self._refused = None
        return newest

    async def _use(self, held: Held, listen: Listen) -> None:
        if self._context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._keys.load_into(context)
            await listen(context)
            self._context = context
        else:
            self._keys.load_into(self._context)
        self._loaded = held
        _log.info("name_speaks_https", expires=held.expires.isoformat())
