"""How is something done outside, once for each fact, though any process may die at any moment?

Three steps, each on record before the next: `take` marks what is due as begun and commits; `run`
tells the vendor, while no transaction is open; `note` writes what became of it and commits. Who
dies in between leaves a row that is begun and not noted: when its lease is over `take` answers it
again, and `run` must look (by the vendor's idempotency key, or by asking) before it does it again.
Where a vendor has neither, the honest note is "unknown".
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import text

from cloud_api.kit.concurrently import each_at_once
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools

_log = structlog.get_logger(__name__)

WAKE_CHANNEL = "portero_errands"
_WAKE = text("SELECT pg_notify('portero_errands', :name)")

type Transaction = Callable[[], AbstractAsyncContextManager[Session]]


class AnyErrand(Protocol):
    """An errand, whatever it carries."""

    @property
    def name(self) -> str:
        """Its stable name, `room.verb_noun`."""
        ...

    @property
    def every(self) -> timedelta:
        """How often to look for what nobody woke us for."""
        ...

    async def round(self, transaction: Transaction, tools: Tools) -> int:
        """Take, run and note once; how many were taken."""
        ...


@dataclass(frozen=True, slots=True)
class Errand[C, R]:
    """What a room has to tell the outside.

    `take` must mark what it answers as begun, with a lease longer than `run` can last, and skip
    rows another worker has locked (`FOR UPDATE SKIP LOCKED`). `run` translates every answer and
    every silence of the vendor into an R; what it raises is a fault of ours: it is logged once, and
    the lease brings the row back. `note` is idempotent.
    """

    name: str
    take: Callable[[Session, Tools], Awaitable[Sequence[C]]]
    run: Callable[[C, Tools], Awaitable[R]]
    note: Callable[[Session, C, R, Tools], Awaitable[None]]
    every: timedelta = timedelta(seconds=5)

    async def round(self, transaction: Transaction, tools: Tools) -> int:
        """Take, run and note once; how many were taken."""
        async with transaction() as session:
            carried = await self.take(session, tools)
        await each_at_once(carried, lambda each: self._carry(each, transaction, tools))
        return len(carried)

    async def _carry(self, carried: C, transaction: Transaction, tools: Tools) -> None:
        try:
            result = await self.run(carried, tools)
            async with transaction() as session:
                await self.note(session, carried, result, tools)
        except Exception as error:  # noqa: BLE001 - the door of errands: logged once, lease brings it back
            _log.error("errand_failed", errand=self.name, error=type(error).__name__)


async def wake(session: Session, name: str) -> None:
    """Have the workers look at this errand as soon as the caller's transaction has committed."""
    await session.execute(_WAKE, {"name": name})
