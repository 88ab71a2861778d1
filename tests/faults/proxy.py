"""A bad line between a client and a server: slow, silent one way, cut off, or busy with messages.

Bytes pass as the line is set just now; a setting holds for every connection through it. `Mischief`
reads MQTT packets on their way down and repeats, swaps, holds, alters or replays them.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import override

from cloud_api.kit.clock import SystemClock
from tests.journeys.wire import _PUBLISH, _length, _packet, _topic

_CHUNK = 65536
_QOS = 0x06
_CLOCK = SystemClock()


@dataclass
class Line:
    """`port` is where the client connects. All times in seconds, `rate` in bytes a second."""

    server_port: int
    dice: random.Random
    delay: tuple[float, float] = (0.0, 0.0)
    rate: float | None = None
    silent_up: bool = False
    silent_down: bool = False
    port: int = 0
    connections: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _free_at: float = 0.0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Line"]:
        """Listen while entered."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            server.close()
            server.close_clients()
            await server.wait_closed()

    def go_silent(self, *, up: bool, down: bool) -> None:
        """What is sent that way is swallowed; nobody is told."""
        self.silent_up, self.silent_down = up, down

    def heal(self) -> None:
        """Everything passes at once again."""
        self.silent_up = self.silent_down = False
        self.delay, self.rate = (0.0, 0.0), None

    def reset(self) -> None:
        """Every connection ends at once, in both directions."""
        for writer in self._writers:
            writer.transport.abort()

    def half_close(self) -> None:
        """No more comes down, and this is said; what goes up still passes."""
        for writer in self._writers[::2]:
            with suppress(OSError):
                writer.write_eof()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            stack.callback(writer.close)
            try:
                far_reader, far = await asyncio.open_connection("127.0.0.1", self.server_port)
            except OSError:
                return
            stack.callback(far.close)
            self.connections += 1
            self._writers += [writer, far]
            async with asyncio.TaskGroup() as group:
                pumps = [
                    group.create_task(self._up(reader, far), name="line up"),
                    group.create_task(self._down(far_reader, writer), name="line down"),
                ]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in pumps:
                    pump.cancel()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if not self.silent_up:
                    await self._send(writer, chunk)

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if not self.silent_down:
                    await self._send(writer, chunk)

    async def _send(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        await asyncio.sleep(self.dice.uniform(*self.delay))
        for piece in self._pieces(chunk):
            writer.write(piece)
            await writer.drain()
            await self._take_time(len(piece))

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        size = len(chunk) if self.rate is None else max(1, int(self.rate / 10))
        yield from (chunk[at : at + size] for at in range(0, len(chunk), size))

    async def _take_time(self, size: int) -> None:
        """Both directions and all connections share the one line."""
        if self.rate is None:
            return
        now = _CLOCK.monotonic()
        self._free_at = max(self._free_at, now) + size / self.rate
        await asyncio.sleep(self._free_at - now)


@dataclass
class Mischief(Line):
    """With `odds`, each message down is met by one of the tricks. `played` counts them."""

    odds: float = 0.0
    played: dict[str, int] = field(default_factory=dict)
    _heard: list[bytes] = field(default_factory=list)
    _held: list[bytes] = field(default_factory=list)

    @override
    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await _packet(reader)
                for each in self._instead_of(packet):
                    writer.write(each)
                    await writer.drain()

    def _instead_of(self, packet: bytes) -> Iterator[bytes]:
        """What arrives in its place; packets without a message pass as they are."""
        if not _topic(packet) or self.dice.random() >= self.odds:
            yield packet
            return
        bare = at_qos_0(packet)
        self._heard.append(bare)
        trick = self.dice.choice(("repeat", "swap", "hold", "alter", "replay"))
        self.played[trick] = self.played.get(trick, 0) + 1
        match trick:
            case "repeat":
                yield packet
                yield from [bare] * self.dice.randrange(1, 11)
            case "swap":
                self._held.append(packet)
                if len(self._held) > 1:
                    yield from reversed(self._held)
                    self._held.clear()
            case "hold":
                self._held.append(packet)
            case "alter":
                yield _altered(bare, self.dice)
                yield packet
            case _:
                yield packet
                yield self.dice.choice(self._heard)

    def release(self) -> list[bytes]:
        """What was held back, never to be told: who needs it asks again."""
        held, self._held = self._held, []
        return held


def at_qos_0(packet: bytes) -> bytes:
    """The same message as the broker would have sent it without wanting a receipt."""
    start = 1 + next(i for i, byte in enumerate(packet[1:], start=1) if not byte & 0x80)
    size = int.from_bytes(packet[start : start + 2])
    after = start + 2 + size
    rest = packet[after + 2 :] if packet[0] & _QOS else packet[after:]
    body = packet[start:after] + rest
    return bytes([_PUBLISH | (packet[0] & 0x01), *_length(len(body))]) + body


def _altered(packet: bytes, dice: random.Random) -> bytes:
    """One byte of the last half, which is the message's own, is another."""
    at = dice.randrange(len(packet) // 2, len(packet))
    return packet[:at] + bytes([packet[at] ^ dice.randint(1, 255)]) + packet[at + 1 :]
