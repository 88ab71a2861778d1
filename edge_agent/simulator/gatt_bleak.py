# ruff: noqa: ARG002 - the shapes are bleak's; this air needs fewer arguments
"""How does real bleak reach the simulated air instead of a radio?

The composition root calls `install_simulated_bluetooth` once; bleak, bleak-retry-connector and the
drivers stay as they are. Only for demo and tests: production refuses it.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import bleak
from bleak.args import SizedBuffer
from bleak.backends import BleakBackend
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError
from pydantic import ValidationError

from edge_agent.simulator.gatt import ATT_PAYLOAD, Advertisement, Do, Reply, Request, Service

_CLIENT_HOOK = "get_platform_client_backend_type"
_SCANNER_HOOK = "get_platform_scanner_backend_type"
_ANSWER_SECONDS = 5.0
_ATT_MTU = ATT_PAYLOAD + 3


def install_simulated_bluetooth(socket_path: Path, *, production: bool) -> Callable[[], None]:
    """Let all later bleak clients and scanners use the socket; the result undoes it.

    Raises RuntimeError in production: a house with real doors has no simulated air.
    """
    if production:
        raise RuntimeError("simulated Bluetooth is refused in production")
    before = {hook: getattr(bleak, hook) for hook in (_CLIENT_HOOK, _SCANNER_HOOK)}

    class Client(SimulatedClient):
        air = socket_path

    class Scanner(SimulatedScanner):
        air = socket_path

    def uninstall() -> None:
        for hook, original in before.items():
            setattr(bleak, hook, original)

    setattr(bleak, _CLIENT_HOOK, lambda: (Client, BleakBackend.BLUEZ_DBUS))
    setattr(bleak, _SCANNER_HOOK, lambda: (Scanner, BleakBackend.BLUEZ_DBUS))
    return uninstall


class _Wire(asyncio.Protocol):
    """One connection to the air: requests matched to answers, the rest handed on."""

    def __init__(self, heard: Callable[[Reply], None], lost: Callable[[], None]) -> None:
        self._heard = heard
        self._lost = lost
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._last_id = 0
        self._closed = asyncio.get_running_loop().create_future()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - narrows asyncio's type
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        try:
            for line in lines:
                self._dispatch(Reply.model_validate_json(line))
        except ValidationError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(BleakError("device disconnected"))
        self._closed.set_result(None)
        self._lost()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def stop_listening(self) -> None:
        """Leave without waiting for the other side, which holds nothing for us."""
        self.close()
        await asyncio.shield(self._closed)

    async def leave(self) -> None:
        """Say good-bye and wait until the other side has let go, so that the slot is free."""
        if self._transport is None:
            return
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await asyncio.shield(self._closed)
        except TimeoutError:
            self._transport.abort()

    def post(self, do: Do) -> None:
        """Send what has no answer."""
        if self._transport is not None:
            self._transport.write(Request(id=0, do=do).line())

    async def ask(
        self,
        do: Do,
        *,
        address: str | None = None,
        characteristic: str | None = None,
        on: bool | None = None,
        data: str | None = None,
    ) -> Reply:
        if self._transport is None or self._transport.is_closing():
            raise BleakError("Not connected")
        self._last_id += 1
        request = Request(
            id=self._last_id,
            do=do,
            address=address,
            characteristic=characteristic,
            on=on,
            data=data,
        )
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[request.id] = waiting
        self._transport.write(request.line())
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                reply: Reply = await waiting
        finally:
            del self._waiting[request.id]
        if reply.error is not None:
            raise BleakError(reply.error)
        return reply

    def _dispatch(self, reply: Reply) -> None:
        if reply.id is None:
            self._heard(reply)
            return
        waiting = self._waiting.get(reply.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)


async def _dial(
    air: Path, heard: Callable[[Reply], None], lost: Callable[[], None]
) -> _Wire | None:
    loop = asyncio.get_running_loop()
    try:
        _, wire = await loop.create_unix_connection(lambda: _Wire(heard, lost), path=str(air))
    except OSError:
        return None
    return wire


class SimulatedScanner(BaseBleakScanner):
    """bleak's scanner on the simulated air; nothing to hear when nobody serves it."""

    air: Path

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **options: object,  # bleak's other systems' options
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._wire: _Wire | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self.seen_devices = {}
        self._wire = await _dial(self.air, self._hear, lambda: None)
        if self._wire is not None:
            self._wire.post(Do.SCAN)

    async def stop(self) -> None:
        """Stop listening."""
        if self._wire is not None:
            await self._wire.stop_listening()
            self._wire = None

    def _hear(self, reply: Reply) -> None:
        heard = reply.advertisement
        if heard is None or not self.is_allowed_uuid(list(heard.services)):
            return
        data = _advertisement_data(heard)
        device = self.create_or_update_device(heard.address, heard.address, heard.name, None, data)
        self.call_detection_callbacks(device, data)


class SimulatedClient(BaseBleakClient):
    """bleak's client on the simulated air."""

    air: Path

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None = None,
        timeout: float = 30.0,
        **options: object,  # bleak's other systems' options
    ) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout
        )
        self._wire: _Wire | None = None
        self._listeners: dict[str, NotifyCallback] = {}
        self._leaving = False

    @property
    def name(self) -> str:
        """The address; names travel in advertisements."""
        return self.address

    @property
    def mtu_size(self) -> int:
        """The smallest there is."""
        return _ATT_MTU

    @property
    def is_connected(self) -> bool:
        """Whether the link stands."""
        return self._wire is not None and self._wire.is_open and self.services is not None

    async def connect(self, pair: bool, **options: object) -> None:  # noqa: FBT001 - bleak's shape
        """Take the peripheral's slot and learn its services."""
        self._leaving = False
        wire = await _dial(self.air, self._hear, self._lost)
        if wire is None:
            raise BleakDeviceNotFoundError(self.address, f"device {self.address} not found")
        try:
            reply = await wire.ask(Do.CONNECT, address=self.address)
        except BaseException:
            wire.close()
            raise
        self._wire = wire
        self.services = _collection(reply.services or ())

    async def disconnect(self) -> None:
        """Give the slot back."""
        self._leaving = True
        wire, self._wire, self.services = self._wire, None, None
        if wire is not None:
            await wire.leave()

    async def read_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        *,
        use_cached: bool = False,
        **options: object,
    ) -> bytearray:
        """Read a value."""
        reply = await self._ask(Do.READ, characteristic)
        return bytearray.fromhex(reply.data or "")

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001 - bleak's shape
    ) -> None:
        """Write one chunk; like BlueZ, tells at once when the link is gone."""
        await self._ask(Do.WRITE, characteristic, data=bytes(data).hex())

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **options: object
    ) -> None:
        """Listen to a characteristic."""
        self._listeners[characteristic.uuid] = callback
        await self._ask(Do.NOTIFY, characteristic, on=True)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Stop listening."""
        self._listeners.pop(characteristic.uuid, None)
        await self._ask(Do.NOTIFY, characteristic, on=False)

    async def pair(self, *arguments: object, **options: object) -> None:
        """Nothing to pair with."""
        raise NotImplementedError

    async def unpair(self) -> None:
        """Nothing to unpair from."""
        raise NotImplementedError

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **options: object
    ) -> bytearray:
        """The simulated air has no descriptors."""
        raise NotImplementedError

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        """The simulated air has no descriptors."""
        raise NotImplementedError

    async def _ask(
        self,
        do: Do,
        characteristic: BleakGATTCharacteristic,
        *,
        on: bool | None = None,
        data: str | None = None,
    ) -> Reply:
        if self._wire is None:
            raise BleakError("Not connected")
        return await self._wire.ask(do, characteristic=characteristic.uuid, on=on, data=data)

    def _hear(self, reply: Reply) -> None:
        listener = self._listeners.get(reply.notified or "")
        if listener is not None:
            listener(bytearray.fromhex(reply.data or ""))

    def _lost(self) -> None:
        was_connected = self.services is not None
        self.services = None
        if was_connected and not self._leaving and self._disconnected_callback is not None:
            self._disconnected_callback()


def _advertisement_data(heard: Advertisement) -> AdvertisementData:
    return AdvertisementData(
        local_name=heard.name,
        manufacturer_data={c: bytes.fromhex(data) for c, data in heard.manufacturer.items()},
        service_data={},
        service_uuids=list(heard.services),
        tx_power=None,
        rssi=heard.rssi,
        platform_data=(),
    )


def _collection(services: tuple[Service, ...]) -> BleakGATTServiceCollection:
    collection = BleakGATTServiceCollection()
    handle = 1
    for service in services:
        known = BleakGATTService(None, handle, service.uuid)
        collection.add_service(known)
        for each in service.characteristics:
            handle += 1
            collection.add_characteristic(
                BleakGATTCharacteristic(
                    None, handle, each.uuid, list(each.properties), lambda: ATT_PAYLOAD, known
                )
            )
        handle += 1
    return collection
