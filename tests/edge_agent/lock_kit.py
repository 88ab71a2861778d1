"""Which devices on the ports do tests of looking after a lock use?

A keypad, a log and a clock with a memory of their own; strict, and able to fail.
"""

from dataclasses import dataclass, field
from datetime import datetime

from edge_agent.errors import CapacityReached, EdgeError, PickAnother
from edge_agent.ports import LockLogEntry, LockLogKind, PinCode


@dataclass
class MemoryKeypad:
    """Codes by their digits. `cannot_tell`: a lock that does not list its codes."""

    capacity: int = 10
    cannot_tell: bool = False
    fails: EdgeError | None = None
    forgets: bool = False
    refuses: frozenset[str] = frozenset()
    codes: dict[str, PinCode] = field(default_factory=dict)
    writes: int = 0

    async def write(self, pin: PinCode) -> None:
        self._maybe_fail()
        assert pin.starts_local.tzinfo is None
        assert pin.ends_local.tzinfo is None
        if pin.digits in self.refuses:
            raise PickAnother("pin_too_simple")
        if pin.digits not in self.codes and len(self.codes) >= self.capacity:
            raise CapacityReached("table_full")
        self.writes += 1
        if not self.forgets:
            self.codes[pin.digits] = pin

    async def remove(self, pin: PinCode) -> None:
        self._maybe_fail()
        if not self.forgets:
            self.codes.pop(pin.digits, None)

    async def holds(self, pin: PinCode) -> bool | None:
        self._maybe_fail()
        return None if self.cannot_tell else self.codes.get(pin.digits) == pin

    def _maybe_fail(self) -> None:
        if self.fails is not None:
            raise self.fails


@dataclass
class MemoryLog:
    """Records with running numbers."""

    records: list[LockLogEntry] = field(default_factory=list)
    fails: EdgeError | None = None

    def add(
        self, at_local: datetime, kind: LockLogKind, pin_digits: str | None = None
    ) -> LockLogEntry:
        """One more record."""
        entry = LockLogEntry(len(self.records) + 1, at_local, kind, pin_digits)
        self.records.append(entry)
        return entry

    async def entries(self, *, after: int | None, limit: int) -> tuple[LockLogEntry, ...]:
        if self.fails is not None:
            raise self.fails
        return tuple(each for each in self.records if each.number > (after or 0))[:limit]


@dataclass
class MemoryLockClock:
    """A clock in house-local time."""

    local: datetime
    sets: int = 0

    async def read(self) -> datetime:
        return self.local

    async def set(self, local: datetime) -> None:
        assert local.tzinfo is None
        self.local = local
        self.sets += 1
