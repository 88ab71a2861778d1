"""The lock contract's bench for TTLock over Bluetooth."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from edge_agent.drivers.ttlock_ble import Timing, open_ttlock
from edge_agent.ports import Keypad, LockDevice, PinCode
from edge_agent.simulator.gatt_server import serve_gatt
from edge_agent.simulator.ttlock import SimulatedLock
from edge_agent.simulator.ttlock.model import (
    CodeKind,
    Conditions,
    Fault,
    FaultKind,
    Identity,
    Op,
    StoredCode,
)

QUICK = Timing(scan=0.4, command=1.2, table=1.5, connect=3.0)
IDENTITY = Identity(
    address="C0:FF:EE:00:00:01",
    name="Front door",
    aes_key=bytes(range(0x30, 0x40)),
    unlock_key=4_000_000_123,
    admin_key=87_654_321,
)


@dataclass
class TTLockBench:
    """The driver's ports and the lock behind the air."""

    device: LockDevice
    lock: SimulatedLock
    silence_is_proof: bool = True

    @property
    def keypad(self) -> Keypad:
        assert self.device.keypad is not None
        return self.device.keypad

    @property
    def key(self) -> SecretStr:
        return SecretStr(json.dumps(self.lock.identity.key_material()))

    @property
    def pin(self) -> PinCode:
        return PinCode("482915", datetime(2026, 3, 10, 15), datetime(2026, 3, 13, 11))  # noqa: DTZ001 - a lock's local time

    def unlocks(self) -> int:
        drawn = [m for m in self.lock.movements() if m.bolt == "unlocked" and m.cause == "app"]
        return len(drawn)

    def conditions(self, conditions: Conditions) -> None:
        self.lock.set_conditions(conditions)

    def fault(
        self, kind: FaultKind, on: Op | None = None, *, skip: int = 0, times: int = 1
    ) -> None:
        self.lock.add_fault(Fault(kind=kind, on=on, skip=skip, times=times))

    def jam(self) -> None:
        self.conditions(Conditions(jammed=True))

    def vanish(self) -> None:
        self.conditions(Conditions(advertises=False))

    def lose_next_answer(self, *, acted: bool) -> None:
        after, before = FaultKind.LOSE_REPLY_AFTER_ACTING, FaultKind.LOSE_REPLY_BEFORE_ACTING
        self.fault(after if acted else before, Op.UNLOCK)

    def find_every_answer(self) -> None:
        self.lock.clear_faults()

    def fill_code_table(self) -> None:
        self.conditions(Conditions(capacity=0))

    def press(self, digits: str) -> bool:
        return self.lock.press(digits)

    def set_clock(self, local: datetime) -> None:
        self.lock.set_clock(local)

    def settable(self) -> datetime:
        return datetime(2026, 3, 29, 2, 30, 10)  # noqa: DTZ001 - a lock's local time

    def plant(self, digits: str) -> None:
        stored = StoredCode(
            digits=digits,
            kind=CodeKind.PERMANENT,
            starts_local=datetime(2026, 1, 1),  # noqa: DTZ001 - a lock's local time
            ends_local=None,
        )
        self.lock.store_code(stored)


@asynccontextmanager
async def ble_bench(
    air: Path, folder: Path, identity: Identity = IDENTITY
) -> AsyncIterator[TTLockBench]:
    """A lock on the simulated air, which is installed already, and the real driver before it."""
    tokens = count(0xFFFF_FF00)  # near the top, so that token + key wraps
    lock = SimulatedLock(
        identity,
        folder / "lock.db",
        now=lambda: datetime.now(UTC),  # noqa: TID251 - the lock's own quartz
        started_local=datetime(2026, 3, 10, 14, 0, 0),  # noqa: DTZ001 - a lock knows no zone
        draw_token=lambda: next(tokens),
    )
    device = open_ttlock(
        address=identity.address,
        key=SecretStr(json.dumps(identity.key_material())),
        zone="Europe/Madrid",
        timing=QUICK,
    )
    async with serve_gatt(air, [lock]):
        yield TTLockBench(device, lock)
    lock.close()
