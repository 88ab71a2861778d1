"""How does a room say what it does when something happened, or when time has passed?

A room exports `REACTIONS` from its `reactions.py` and `JOBS` from its `jobs.py`; a room whose
handlers need more than `Tools` exports functions that take it and return such tuples. The worker
wires them; no room calls another's.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from pydantic import BaseModel

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.vault import Vault


@dataclass(frozen=True, slots=True)
class Tools:
    """What every handler may use."""

    clock: Clock
    vault: Vault


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and after which waits, something is tried again before a person must look.

    The wait before try n+1 is `first * factor ** (n - 1)`, at most `longest`.
    """

    tries: int = 10
    first: timedelta = timedelta(milliseconds=500)
    factor: float = 3.0
    longest: timedelta = timedelta(minutes=10)

    def wait_after(self, failures: int) -> timedelta | None:
        """How long to wait after this many failures; None when it is given up."""
        if failures >= self.tries:
            return None
        seconds = self.first.total_seconds() * self.factor ** min(failures - 1, 40)
        return min(timedelta(seconds=min(seconds, 86_400.0)), self.longest)


PATIENT = Retry()


@dataclass(frozen=True, slots=True)
class Reaction[P: BaseModel]:
    """What a room does when an event of this name has happened.

    `name` (`room.verb_noun`) is stored and never reused. `schema` is the room's own and should
    name only the fields it reads, ignoring others. `handler` is run at least once for each event,
    in one transaction with the note that it was, so that its effect in PostgreSQL happens once;
    what it does elsewhere must be safe to do twice. It must end within 20 s and never commits.
    `prompt`: somebody waits for it, so a fresh event is first tried without the engine's round
    trips; at most one reaction to an event is.
    """

    event_name: str
    name: str
    schema: type[P]
    handler: Callable[[Session, P, Tools], Awaitable[None]]
    retry: Retry = field(default=PATIENT)
    prompt: bool = False

    async def react(self, session: Session, payload: object, tools: Tools) -> None:
        """Parse the event with the room's own schema, and handle it."""
        await self.handler(session, self.schema.model_validate(payload), tools)


class AnyReaction(Protocol):
    """A reaction, whatever its schema."""

    @property
    def event_name(self) -> str:
        """The event it is bound to."""
        ...

    @property
    def name(self) -> str:
        """Its own stable name."""
        ...

    @property
    def schema(self) -> type[BaseModel]:
        """What it reads of the event."""
        ...

    @property
    def retry(self) -> Retry:
        """How patient it is."""
        ...

    @property
    def prompt(self) -> bool:
        """Whether somebody waits for it."""
        ...

    async def react(self, session: Session, payload: object, tools: Tools) -> None:
        """Parse and handle."""
        ...


class AnyJob(Protocol):
    """What the clock starts; `run` is one transaction, and running it twice is harmless."""

    @property
    def name(self) -> str:
        """Its stable name, `room.verb_noun`."""
        ...

    @property
    def every(self) -> timedelta:
        """How often; seconds that divide a minute, minutes that divide an hour, hours a day."""
        ...

    @property
    def run(self) -> Callable[[Session, Clock], Awaitable[object]]:
        """Answers a report of what it changed."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """An `AnyJob` for rooms that need no report type of their own."""

    name: str
    every: timedelta
    run: Callable[[Session, Clock], Awaitable[object]]


class Named(Protocol):
    """Something with a name of its own."""

    @property
    def name(self) -> str:
        """Its stable name."""
        ...


def unique[N: Named](named: Iterable[N]) -> tuple[N, ...]:
    """All of them; ValueError when two have one name, for their histories would mix."""
    found: dict[str, N] = {}
    for each in named:
        if each.name in found:
            raise ValueError(f"two of them are called {each.name}")
        found[each.name] = each
    return tuple(found.values())
