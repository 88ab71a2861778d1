"""The vendor's cloud on loopback, a lock behind its gateway, and the real driver in front of it."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from edge_agent.drivers.ttlock_cloud import Timing, open_ttlock_cloud
from edge_agent.ports import Keypad, LockClock, LockDevice, LockLog
from edge_agent.simulator.ttlock.model import CodeKind, StoredCode
from edge_agent.simulator.ttlock.model import Conditions as LockConditions
from edge_agent.simulator.ttlock_cloud import Vendor, VendorServer
from edge_agent.simulator.ttlock_cloud.model import Account, Conditions, Fault, FaultKind

ZONE = ZoneInfo("Europe/Madrid")
QUICK = Timing(move=4.0, told=6.0, read=4.0, table=8.0)


def real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the vendor's own clock


@dataclass
class CloudBench:
    """The driver's ports and the vendor behind the wire."""

    device: LockDevice
    server: VendorServer
    account: Account
    silence_is_proof: bool = False

    @property
    def vendor(self) -> Vendor:
        return self.server.vendor

    @property
    def keypad(self) -> Keypad:
        assert self.device.keypad is not None
        return self.device.keypad

    @property
    def clock(self) -> LockClock:
        assert self.device.clock is not None
        return self.device.clock

    @property
    def log(self) -> LockLog:
        assert self.device.log is not None
        return self.device.log

    def calls(self, path: str) -> int:
        return self.server.journal.calls[path]

    def fault(
        self, kind: FaultKind, path: str, *, errcode: int = 1, times: int = 1, seconds: float = 0.0
    ) -> None:
        made = Fault(kind=kind, path=path, errcode=errcode, times=times, seconds=seconds)
        self.server.add_fault(made)

    def conditions(self, **changed: object) -> None:
        standing = self.vendor.conditions.model_dump() | changed
        self.vendor.set_conditions(Conditions.model_validate(standing))

    def unlocks(self) -> int:
        drawn = [m for m in self.vendor.movements() if m.bolt == "unlocked" and m.cause == "app"]
        return len(drawn)

    def jam(self) -> None:
        self.vendor.set_lock_conditions(LockConditions(jammed=True))

    def vanish(self) -> None:
        self.conditions(gateway_online=False)

    def lose_next_answer(self, *, acted: bool) -> None:
        self.fault(FaultKind.CUT_AFTER if acted else FaultKind.CUT_BEFORE, "/lock/unlock")

    def find_every_answer(self) -> None:
        self.server.clear_faults()

    def fill_code_table(self) -> None:
        self.conditions(capacity=0)

    def press(self, digits: str) -> bool:
        return self.vendor.press(digits)

    def set_clock(self, local: datetime) -> None:
        self.vendor.set_lock_clock(local)

    def settable(self) -> datetime:
        return real_now().astimezone(ZONE).replace(tzinfo=None, microsecond=0)

    def plant(self, digits: str) -> None:
        stored = StoredCode(
            digits=digits,
            kind=CodeKind.PERMANENT,
            starts_local=datetime(2026, 1, 1),  # noqa: DTZ001 - a lock's local time
            ends_local=None,
        )
        self.vendor.store_code(stored)


def key_of(account: Account, url: str) -> SecretStr:
    password = account.password.get_secret_value().encode()
    record = {
        "base": url,
        "client_id": account.client_id,
        "client_secret": account.client_secret.get_secret_value(),
        "username": account.username,
        "password_md5": hashlib.md5(password).hexdigest(),  # noqa: S324 - the vendor's own rule
    }
    return SecretStr(json.dumps(record))


def token_file(folder: Path) -> Path:
    """Where the tokens of the only account are kept."""
    (file,) = folder.glob("ttlock-tokens-*.json")
    return file


def open_again(bench: CloudBench, folder: Path, *, timing: Timing = QUICK) -> LockDevice:
    """The same lock by a driver that was just started."""
    return open_ttlock_cloud(
        address=str(bench.account.lock_id),
        key=key_of(bench.account, bench.server.url),
        zone=str(ZONE),
        tokens=folder,
        timing=timing,
    )


@asynccontextmanager
async def cloud_bench(folder: Path) -> AsyncIterator[CloudBench]:
    """A vendor of this test's own."""
    account = Account()
    vendor = Vendor(account, folder / "lock.db", zone=ZONE, now=real_now)
    async with VendorServer(vendor) as server:
        device = open_ttlock_cloud(
            address=str(account.lock_id),
            key=key_of(account, server.url),
            zone=str(ZONE),
            tokens=folder,
            timing=QUICK,
        )
        yield CloudBench(device, server, account)
    vendor.close()
