"""How does one lock get short Bluetooth sessions: find, connect, act, hang up, one at a time?"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from ttlock_ble import LockAdvertisement, LockState

from edge_agent.drivers.ttlock_ble.client import LockClient
from edge_agent.drivers.ttlock_ble.key import HouseKey
from edge_agent.drivers.ttlock_ble.refusals import LIBRARY_FAILURES, after_asking, before_asking
from edge_agent.errors import DeviceBusy, DeviceUnreachable
from edge_agent.ports import BoltState, Glimpse, LockReading


@dataclass(frozen=True, slots=True)
class Timing:
    """Bounds in seconds.

    `move`: from the call to the motor's answer, queue and radio included: a door never opens later.
    `told`: from the call to knowing, after an answer was lost. `device_fresh`: BlueZ forgets a
    device 30 s after it was last heard, and a connect to a forgotten one is retried for half a
    minute; so a heard device is used again only this long.
    """

    turn: float = 15.0
    scan: float = 5.0
    connect: float = 8.0
    command: float = 4.0
    table: float = 12.0
    hang_up: float = 1.0
    move: float = 7.0
    told: float = 9.0
    device_fresh: float = 10.0


class Radio:
    """Sessions with one lock."""

    def __init__(
        self, key: HouseKey, *, address: str, timing: Timing, admin_first: bool = False
    ) -> None:
        """`admin_first`: log in as admin before codes and clock, without waiting to be told to."""
        self._key = key
        self._address = address
        self._timing = timing
        self._turn = asyncio.Lock()
        self._heard: tuple[BLEDevice, float] | None = None
        self._admin_first = admin_first

    def __repr__(self) -> str:
        """Only the address."""
        return f"Radio({self._address})"

    @property
    def timing(self) -> Timing:
        """The bounds this lock is driven by."""
        return self._timing

    async def session[T](
        self,
        act: Callable[[LockClient], Awaitable[T]],
        *,
        seconds: float | None = None,
        within: float | None = None,
    ) -> T:
        """Connect, let `act` do its work within `seconds`, hang up; all of it `within`.

        Errors of ours only. TryLater when nothing was asked of the lock, OutcomeUnknown when a
        command that changes something was sent and no answer came. A lost link ends it at once.
        """
        left = _countdown(within)
        async with self._my_turn(left):
            client, link = await self._connected(left)
            try:
                async with link.watched(left(seconds or self._timing.command)):
                    return await act(client)
            except LIBRARY_FAILURES as error:
                failure = after_asking(error, asked=client.asked, link_lost=link.lost)
            finally:
                self._admin_first = client.admin_first
                await self._hang_up(client)
            if link.lost:
                self._heard = None
            raise failure

    async def listen(self) -> Glimpse | None:
        """See LockGlance: what the lock advertises; no connection is made."""
        seen: list[LockAdvertisement] = []

        def is_ours(device: BLEDevice, data: AdvertisementData) -> bool:
            if device.address.upper() == self._address:
                seen.extend(_advertised(data, self._address))
            return bool(seen)

        async with self._my_turn(_countdown(None)):
            try:
                device = await BleakScanner.find_device_by_filter(
                    is_ours, timeout=self._timing.scan
                )
            except LIBRARY_FAILURES:
                raise DeviceUnreachable("no_bluetooth") from None
        if device is None or not seen:
            return None
        fresh_until = asyncio.get_running_loop().time() + self._timing.device_fresh
        self._heard = (device, fresh_until)
        return _glimpse(seen[-1])

    @contextlib.asynccontextmanager
    async def _my_turn(self, left: Callable[[float], float]) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(left(self._timing.turn)):
                await self._turn.acquire()
        except TimeoutError:
            raise DeviceBusy("waiting_for_own_turn") from None
        try:
            yield
        finally:
            self._turn.release()

    async def _connected(self, left: Callable[[float], float]) -> tuple[LockClient, "_Link"]:
        link = _Link()
        client = LockClient(
            self._key,
            device=await self._device(left),
            disconnected_callback=link.on_lost,
            keep_alive_after_command=0,
        )
        client.admin_first = self._admin_first
        try:
            async with asyncio.timeout(left(self._timing.connect)):
                await client.connect()
        except LIBRARY_FAILURES as error:
            failure = before_asking(error)
        except BaseException:
            await self._hang_up(client)
            raise
        else:
            return client, link
        self._heard = None
        await self._hang_up(client)
        raise failure

    async def _device(self, left: Callable[[float], float]) -> BLEDevice:
        now = asyncio.get_running_loop().time()
        if self._heard is not None and now < self._heard[1]:
            return self._heard[0]
        try:
            device = await BleakScanner.find_device_by_address(
                self._address, timeout=left(self._timing.scan)
            )
        except LIBRARY_FAILURES:
            raise DeviceUnreachable("no_bluetooth") from None
        if device is None:
            raise DeviceUnreachable("not_heard")
        self._heard = (device, now + self._timing.device_fresh)
        return device

    async def _hang_up(self, client: LockClient) -> None:
        with contextlib.suppress(*LIBRARY_FAILURES):  # gone is gone
            async with asyncio.timeout(self._timing.hang_up):
                await client.disconnect()


def _advertised(data: AdvertisementData, address: str) -> Iterator[LockAdvertisement]:
    for company, payload in data.manufacturer_data.items():
        told = LockAdvertisement.from_manufacturer_data(company, payload)
        if told is not None and told.lock_mac.upper() == address:
            yield told


def _glimpse(told: LockAdvertisement) -> Glimpse:
    unlocked = told.lock_state is LockState.UNLOCKED
    bolt = BoltState.UNLOCKED if unlocked else BoltState.LOCKED
    percent = told.battery if 0 <= told.battery <= 100 else None  # noqa: PLR2004 - a percentage
    return Glimpse(LockReading(bolt, percent), has_new_records=told.has_new_records)


def _countdown(within: float | None) -> Callable[[float], float]:
    """How long a step may take: its own bound, or what is left of the whole."""
    if within is None:
        return lambda bound: bound
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    return lambda bound: max(0.0, min(bound, end - loop.time()))


class _Link:
    """Notices the end of a link, which ttlock-ble would sleep through until its own time-out."""

    def __init__(self) -> None:
        self.lost = False
        self._limit: asyncio.Timeout | None = None

    def on_lost(self, _client: BleakClient) -> None:
        self.lost = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    @contextlib.asynccontextmanager
    async def watched(self, seconds: float) -> AsyncIterator[None]:
        async with asyncio.timeout(0 if self.lost else seconds) as limit:
            self._limit = limit
            try:
                yield
            finally:
                self._limit = None
