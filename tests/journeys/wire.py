"""What can a stranger do on the broker and on the line? Listen, speak, hold back, put in.

`Wiretap` is a raw client without any right but an open port. `Valve` stands between the broker and
the house: it reads MQTT packets, holds back those of one channel, and puts in others.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiomqtt

from tests.journeys.stage import until

_PUBLISH = 0x30
_KIND = 0xF0
_MORE = 0x80


@dataclass
class Wiretap:
    """Hears everything and can say anything."""

    client: aiomqtt.Client
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def on(self, ending: str) -> list[bytes]:
        """Payloads of topics with this ending, in order, without repetitions."""
        return list(dict.fromkeys(body for topic, body in self.heard if topic.endswith(ending)))

    async def next_on(self, ending: str, *, after: int = 0) -> bytes:
        """The first payload beyond the `after` that are known."""

        async def came() -> bool:
            return len(self.on(ending)) > after

        await until(came, f"nothing was heard on {ending}")
        return self.on(ending)[after]

    async def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await self.client.publish(topic, payload, qos=1, retain=retain)

    async def listen(self) -> None:
        with suppress(aiomqtt.MqttError):
            async for message in self.client.messages:
                self.heard.append((str(message.topic), bytes(message.payload)))


@asynccontextmanager
async def tapped(port: int) -> AsyncIterator[Wiretap]:
    """A raw client on everything, until the block ends."""
    client = aiomqtt.Client(
        "127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5, max_queued_incoming_messages=10_000
    )
    async with client, asyncio.TaskGroup() as group:
        await client.subscribe("portero/#", qos=1)
        tap = Wiretap(client)
        listening = group.create_task(tap.listen(), name="wiretap")
        try:
            yield tap
        finally:
            listening.cancel()


class Valve:
    """A line to the broker for one client; `port` is where that client connects."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._held_ending: str | None = None
        self._down: asyncio.StreamWriter | None = None
        self.held: list[bytes] = []
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            server.close()
            server.close_clients()
            await server.wait_closed()

    def hold(self, ending: str) -> None:
        """From now on, messages to topics with this ending wait here."""
        self._held_ending, self.held = ending, []

    async def caught(self, *, count: int = 1) -> None:
        async def came() -> bool:
            return len(self.held) >= count

        await until(came, f"nothing came for {self._held_ending}")

    def release(self) -> None:
        """Pass on what was held, and hold no more."""
        assert self._down is not None
        for packet in self.held:
            self._down.write(packet)
        self._held_ending, self.held = None, []

    def put_in(self, topic: str, payload: bytes) -> None:
        """A message of ours at QoS 0, as if the broker had sent it just now."""
        assert self._down is not None
        name = topic.encode()
        body = len(name).to_bytes(2) + name + b"\x00" + payload
        self._down.write(bytes([_PUBLISH, *_length(len(body))]) + body)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            stack.callback(writer.close)
            try:
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
            except OSError:
                return
            stack.callback(up_writer.close)
            self._down = writer
            async with asyncio.TaskGroup() as group:
                pumps = [
                    group.create_task(self._up(reader, up_writer), name="valve up"),
                    group.create_task(self._downward(up_reader, writer), name="valve down"),
                ]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in pumps:
                    pump.cancel()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()

    async def _downward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await _packet(reader)
                if self._held_ending is not None and _topic(packet).endswith(self._held_ending):
                    self.held.append(packet)
                else:
                    writer.write(packet)
                    await writer.drain()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(1)
    length, shift = 0, 0
    while True:
        byte = await reader.readexactly(1)
        head += byte
        length |= (byte[0] & ~_MORE) << shift
        shift += 7
        if not byte[0] & _MORE:
            return head + await reader.readexactly(length)


def _topic(packet: bytes) -> str:
    if packet[0] & _KIND != _PUBLISH:
        return ""
    start = 1 + next(i for i, byte in enumerate(packet[1:], start=1) if not byte & _MORE)
    size = int.from_bytes(packet[start : start + 2])
    return packet[start + 2 : start + 2 + size].decode()


def _length(size: int) -> Iterator[int]:
    while True:
        size, low = size >> 7, size & 0x7F
        yield low | _MORE if size else low
        if not size:
            return
