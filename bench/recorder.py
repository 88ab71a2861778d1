"""Which statements does a request of ours send, so that the floor can send the very same?

They are listened to, not copied: when the code changes, its floor changes with it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, event

type Value = object
type Known = dict[str, Value]
"""What the values of one request are called: `reservation`, `check_in`, `email` …"""

BEGIN, COMMIT, ROLLBACK = "BEGIN", "COMMIT", "ROLLBACK"
_BUCKET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Step:
    """One statement as asyncpg got it, or the beginning or end of a transaction."""

    sql: str
    values: tuple[Value, ...] = ()

    @property
    def takes_nights(self) -> bool:
        """Is this where a hold is won or lost?"""
        return "INSERT INTO occupancies" in self.sql


@dataclass(slots=True)
class Recorded:
    """One request: its steps, the answer's text, and the names of the values in both."""

    steps: list[Step] = field(default_factory=list)
    answer: str = ""
    status: int = 0
    names: dict[Value, str] = field(default_factory=dict)


@contextmanager
def listening(engine: Engine) -> Iterator[Recorded]:
    """Collects the steps sent through this engine while entered."""
    found = Recorded()

    def begun(_: Connection) -> None:
        found.steps.append(Step(BEGIN))

    def committed(_: Connection) -> None:
        found.steps.append(Step(COMMIT))

    def rolled_back(_: Connection) -> None:
        found.steps.append(Step(ROLLBACK))

    def sent(
        _connection: Connection,
        _cursor: object,
        sql: str,
        values: Sequence[Value],
        _context: object,
        _many: bool,  # noqa: FBT001 - SQLAlchemy's signature
    ) -> None:
        found.steps.append(Step(sql, tuple(values)))

    hooks: dict[str, Callable[..., None]] = {
        "begin": begun,
        "commit": committed,
        "rollback": rolled_back,
        "before_cursor_execute": sent,
    }
    for name, hook in hooks.items():
        event.listen(engine, name, hook)
    try:
        yield found
    finally:
        for name, hook in hooks.items():
            event.remove(engine, name, hook)


@dataclass(slots=True)
class Template:
    """A recorded request that can be sent again with other values."""

    recorded: Recorded
    constants: frozenset[UUID]

    def makers(self) -> list[tuple[Step, list[Callable[[Known], Value]]]]:
        """Each step with what makes its values out of a request's own."""
        return [
            (step, [self._maker(step, value) for value in step.values])
            for step in self.recorded.steps
        ]

    def answer(self) -> Callable[[Known], Value]:
        """What makes the answer's text."""
        return self._text(self.recorded.answer)

    def _maker(self, step: Step, value: Value) -> Callable[[Known], Value]:
        match value:
            case UUID() | date():
                return self._named(value)
            case list() | tuple():
                inner = [self._maker(step, each) for each in value]
                return lambda known: [make(known) for make in inner]
            case bytes() if "throttle_slots" in step.sql and len(value) == _BUCKET_BYTES:
                return lambda known: known["bucket"]
            case bytes() if value.startswith(b"{"):
                text = self._text(value.decode())
                return lambda known: str(text(known)).encode()
            case str():
                return self._text(value)
            case _:
                return lambda _: value

    def _named(self, value: Value) -> Callable[[Known], Value]:
        if value in self.constants:
            return lambda _: value
        name = self.recorded.names.get(value)
        if name is None and isinstance(value, UUID):
            return lambda known: known.setdefault(str(value), uuid4())
        return (lambda _: value) if name is None else (lambda known: known[name])

    def _text(self, text: str) -> Callable[[Known], Value]:
        """A text in which the request's own values stand where the recorded ones did."""
        named = {_shown(value): name for value, name in self.recorded.names.items()}
        pattern = "|".join(re.escape(each) for each in sorted(named, key=len, reverse=True))
        parts = re.split(f"({pattern})", text) if pattern else [text]
        if len(parts) == 1:
            return lambda _: text
        names = [named.get(part) for part in parts]
        pieces = list(zip(parts, names, strict=True))
        return lambda known: "".join(
            part if name is None else _shown(known[name]) for part, name in pieces
        )


def _shown(value: Value) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
