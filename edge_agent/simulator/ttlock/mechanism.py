"""What do the bolt, the clock, the keypad and the log of the simulated lock do?

Time passes only when somebody looks: an auto-lock that fell due is done, with its own time, before
anything else happens. So the lock behaves the same under a real and a faked clock.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.simulator.ttlock.memory import Memory
from edge_agent.simulator.ttlock.model import (
    Bolt,
    Cause,
    Conditions,
    Movement,
    Record,
    RecordType,
    StoredCode,
)

NowUtc = Callable[[], datetime]


class Mechanism:
    """Everything inside the lock except the radio."""

    def __init__(self, state_file: Path, *, now: NowUtc, started_local: datetime) -> None:
        """`started_local` (naive) sets the clock of a lock that has never run before."""
        self._memory = Memory(state_file)
        self._now = now
        if self._memory.fact("clock_offset") is None:
            with self._memory.change():
                self.set_clock(started_local)
                self._memory.remember("bolt", "locked")

    def close(self) -> None:
        """Let go of the state file."""
        self._memory.close()

    @property
    def conditions(self) -> Conditions:
        """Standing conditions."""
        stored = self._memory.fact("conditions")
        return Conditions() if stored is None else Conditions.model_validate_json(stored)

    def set_conditions(self, conditions: Conditions) -> None:
        """Replace all standing conditions."""
        self._memory.remember("conditions", conditions.model_dump_json())

    @property
    def clock(self) -> datetime:
        """The lock's own clock: naive, whole seconds."""
        offset = timedelta(seconds=float(self._memory.fact("clock_offset") or 0))
        return (self._now().replace(tzinfo=None) + offset).replace(microsecond=0)

    def set_clock(self, local: datetime) -> None:
        """Turn the hands."""
        offset = local - self._now().replace(tzinfo=None)
        self._memory.remember("clock_offset", repr(offset.total_seconds()))

    @property
    def bolt(self) -> Bolt:
        """Where the bolt is now."""
        self._settle()
        return "unlocked" if self._memory.fact("bolt") == "unlocked" else "locked"

    @property
    def motor_commands(self) -> int:
        """How often anybody told the motor to move, jammed or not."""
        return int(self._memory.fact("motor_commands") or 0)

    def app_moves(self, bolt: Bolt, *, user: int, record: int) -> None:
        """An authenticated app command; a jammed lock believes that it moved."""
        self._settle()
        kind = RecordType.APP_UNLOCK if bolt == "unlocked" else RecordType.APP_LOCK
        with self._memory.change():
            self._note(kind, user.to_bytes(4, "big") + record.to_bytes(4, "big"))
            self._drive(bolt, "app")

    def press(self, digits: str) -> bool:
        """A guest types a code; whether the door opened."""
        self._settle()
        kind = self._judge(digits)
        payload = bytes((len(digits),)) + digits.encode()
        with self._memory.change():
            if kind is RecordType.CODE_REFUSED:
                self._note(kind, payload)
                return False
            self._note(kind, payload * 2)
            if kind is RecordType.CODE_EXPIRED:
                return False
            self._drive("unlocked", "pin")
            return not self.conditions.jammed

    def turn_key(self, bolt: Bolt) -> None:
        """Somebody uses the metal key or the inside handle."""
        self._settle()
        kind = RecordType.KEY_UNLOCK if bolt == "unlocked" else RecordType.KEY_LOCK
        with self._memory.change():
            self._note(kind, b"")
            self._drive(bolt, "key")

    def codes(self) -> tuple[StoredCode, ...]:
        """The code table."""
        return self._memory.codes()

    def put_code(self, code: StoredCode) -> None:
        """Store a code."""
        self._memory.put_code(code)

    def drop_codes(self, digits: str | None = None) -> int:
        """Remove one code or all; how many went."""
        return self._memory.drop_codes(digits)

    def next_record(self, cursor: int | None) -> Record | None:
        """The record at `cursor` or after it; None: the first nobody has fetched yet."""
        fetched = int(self._memory.fact("fetched") or 0)
        record = self._memory.record_from(fetched + 1 if cursor is None else cursor)
        if record is not None and record.number > fetched:
            self._memory.remember("fetched", str(record.number))
        return record

    def has_news(self) -> bool:
        """Whether there are records that nobody has fetched."""
        return self._memory.record_from(int(self._memory.fact("fetched") or 0) + 1) is not None

    def movements(self) -> tuple[Movement, ...]:
        """The independent record of the bolt."""
        self._settle()
        return self._memory.movements()

    def _judge(self, digits: str) -> RecordType:
        for code in self.codes():
            if code.digits == digits:
                ended = code.ends_local is not None and self.clock >= code.ends_local
                inside = code.starts_local <= self.clock and not ended
                return RecordType.CODE_UNLOCK if inside else RecordType.CODE_EXPIRED
        return RecordType.CODE_REFUSED

    def _note(self, kind: RecordType, payload: bytes) -> None:
        self._memory.add_record(kind, self.clock, self.conditions.battery, payload)

    def _drive(self, bolt: Bolt, cause: Cause) -> None:
        self._memory.remember("motor_commands", str(self.motor_commands + 1))
        if self.conditions.jammed and cause != "key":
            return
        self._move(bolt, cause, self.clock)
        delay = self.conditions.auto_lock_seconds
        due = self._now() + timedelta(seconds=delay) if bolt == "unlocked" and delay else None
        self._memory.remember("auto_lock_due", due.isoformat() if due else "")

    def _move(self, bolt: Bolt, cause: Cause, at: datetime) -> None:
        self._memory.remember("bolt", bolt)
        self._memory.add_movement(at, bolt, cause)

    def _settle(self) -> None:
        stored = self._memory.fact("auto_lock_due")
        if not stored:
            return
        due, now = datetime.fromisoformat(stored), self._now()
        if now < due or self.conditions.jammed:
            return
        with self._memory.change():
            self._memory.remember("auto_lock_due", "")
            self._move(
                "locked",
                "auto",
                self.clock - timedelta(seconds=(now - due) // timedelta(seconds=1)),
            )
