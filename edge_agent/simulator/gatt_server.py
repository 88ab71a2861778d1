"""How do simulated peripherals appear on a loopback socket, as if it were the air?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from edge_agent.simulator.gatt import (
    ATT_PAYLOAD,
    LINE_LIMIT,
    Advertisement,
    Do,
    Reply,
    Request,
    Service,
)

_ADVERTISING_INTERVAL_SECONDS = 0.05


class LinkRefused(Exception):  # noqa: N818 - named for what the central sees
    """The peripheral takes no (further) central."""


class Link:
    """One central's connection, as the peripheral sees it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._notifying: set[str] = set()
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def is_open(self) -> bool:
        """Whether anything sent now can arrive."""
        return not self._writer.is_closing()

    def subscribe(self, characteristic: str, *, on: bool) -> None:
        """Remember whether the central listens to this characteristic."""
        (self._notifying.add if on else self._notifying.discard)(characteristic)

    def notify(self, characteristic: str, data: bytes) -> None:
        """Send `data` in chunks the air can carry; unheard if nobody listens."""
        if not self.is_open or characteristic not in self._notifying:
            return
        for start in range(0, len(data), ATT_PAYLOAD):
            chunk = data[start : start + ATT_PAYLOAD]
            self._writer.write(Reply(notified=characteristic, data=chunk.hex()).line())

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` on this link after a while, unless the link is gone by then."""
        self._timers.append(asyncio.get_running_loop().call_later(seconds, action))

    def drop(self) -> None:
        """Lose the link, as when somebody walks out of range."""
        for timer in self._timers:
            timer.cancel()
        self._writer.close()


class Peripheral(Protocol):
    """A simulated device on the air."""

    @property
    def address(self) -> str:
        """Its Bluetooth address, upper case with colons."""

    def advertisement(self) -> Advertisement | None:
        """What it says to everybody now; None while it is silent or out of range."""

    def services(self) -> tuple[Service, ...]:
        """Its attribute table."""

    def opened(self, link: Link) -> None:
        """A central connects; raises LinkRefused."""

    def closed(self, link: Link) -> None:
        """The central is gone; called once for each opened link."""

    def wrote(self, link: Link, characteristic: str, data: bytes) -> None:
        """The central wrote one chunk."""

    def read(self, link: Link, characteristic: str) -> bytes:
        """The central reads; raises KeyError where nothing can be read."""


@asynccontextmanager
async def serve_gatt(socket_path: Path, peripherals: Sequence[Peripheral]) -> AsyncIterator[None]:
    """Put the peripherals on the air at `socket_path` until the block ends."""
    air = _Air(peripherals)
    server = await asyncio.start_unix_server(air.serve, path=socket_path, limit=LINE_LIMIT)
    try:
        yield
    finally:
        server.close()
        air.silence()
        await server.wait_closed()


class _Air:
    def __init__(self, peripherals: Sequence[Peripheral]) -> None:
        self._peripherals = {each.address: each for each in peripherals}
        self._writers: set[asyncio.StreamWriter] = set()

    def silence(self) -> None:
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        central = _Central(self._peripherals, reader, writer)
        try:
            while line := await reader.readline():
                await central.handle(Request.model_validate_json(line))
        except (ConnectionError, ValidationError, ValueError):
            pass  # a central that breaks the rules of the air, or its own link, is hung up on
        finally:
            central.gone()
            self._writers.discard(writer)
            writer.close()


class _Central:
    def __init__(
        self,
        peripherals: dict[str, Peripheral],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._peripherals = peripherals
        self._reader = reader
        self._writer = writer
        self._link = Link(writer)
        self._peripheral: Peripheral | None = None

    async def handle(self, request: Request) -> None:
        match request.do:
            case Do.SCAN:
                await self._advertise()
            case Do.CONNECT:
                self._send(self._connect(request))
            case Do.NOTIFY | Do.WRITE | Do.READ:
                self._send(self._attribute(request))
        await self._writer.drain()

    def gone(self) -> None:
        self._link.drop()
        if self._peripheral is not None:
            self._peripheral.closed(self._link)
            self._peripheral = None

    async def _advertise(self) -> None:
        while self._link.is_open and not self._reader.at_eof():
            for each in self._peripherals.values():
                if (heard := each.advertisement()) is not None:
                    self._send(Reply(advertisement=heard))
            await self._writer.drain()
            await asyncio.sleep(_ADVERTISING_INTERVAL_SECONDS)

    def _connect(self, request: Request) -> Reply:
        peripheral = self._peripherals.get((request.address or "").upper())
        if peripheral is None:
            return Reply(id=request.id, error="device not found")
        try:
            peripheral.opened(self._link)
        except LinkRefused as refused:
            return Reply(id=request.id, error=str(refused))
        self._peripheral = peripheral
        return Reply(id=request.id, services=peripheral.services())

    def _attribute(self, request: Request) -> Reply:
        peripheral, characteristic = self._peripheral, request.characteristic
        if peripheral is None or characteristic is None:
            return Reply(id=request.id, error="not connected")
        if request.do is Do.NOTIFY:
            self._link.subscribe(characteristic, on=bool(request.on))
        elif request.do is Do.READ:
            return self._read(peripheral, request.id, characteristic)
        else:
            data = bytes.fromhex(request.data or "")
            if len(data) > ATT_PAYLOAD:
                return Reply(id=request.id, error="invalid attribute value length")
            peripheral.wrote(self._link, characteristic, data)
        return Reply(id=request.id)

    def _read(self, peripheral: Peripheral, request_id: int, characteristic: str) -> Reply:
        try:
            return Reply(id=request_id, data=peripheral.read(self._link, characteristic).hex())
        except KeyError:
            return Reply(id=request_id, error="read not permitted")

    def _send(self, reply: Reply) -> None:
        if self._link.is_open:
            self._writer.write(reply.line())
