"""Who stands at the other end of the broker in these tests? A small honest courier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiomqtt

from protocol.base import Wire
from protocol.envelope import Kind, open_envelope, seal
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import Down, Up, all_up, down, parse_up


class CourierPeer:
    """Signs and publishes; keeps every uplink frame in order, by channel."""

    def __init__(self, client: aiomqtt.Client, house: HouseId, signer: Signer) -> None:
        self._client = client
        self._house = house
        self._signer = signer
        self._heard: dict[Up, asyncio.Queue[bytes]] = {each: asyncio.Queue() for each in Up}

    async def send(self, channel: Down, kind: Kind, body: Wire, *, retain: bool = False) -> bytes:
        frame = seal(kind, body.to_bytes(), self._signer)
        await self.send_raw(channel, frame, retain=retain)
        return frame

    async def send_raw(self, channel: Down, frame: bytes, *, retain: bool = False) -> None:
        await self._client.publish(down(self._house, channel), frame, qos=1, retain=retain)

    async def next[Message: Wire](
        self, channel: Up, kind: Kind, message: type[Message], house_key: str, *, seconds: float = 5
    ) -> Message:
        """The next frame of that channel, its signature checked."""
        frame = await self.next_frame(channel, seconds=seconds)
        return message.from_bytes(open_envelope(frame, kind, lambda _: house_key).body)

    async def next_frame(self, channel: Up, *, seconds: float = 5) -> bytes:
        """The next frame of that channel, as it came."""
        async with asyncio.timeout(seconds):
            return await self._heard[channel].get()

    def waiting(self, channel: Up) -> int:
        return self._heard[channel].qsize()

    async def listen(self) -> None:
        """Until the end, or until the broker goes away."""
        with suppress(aiomqtt.MqttError):
            await self._listen()

    async def _listen(self) -> None:
        async for message in self._client.messages:
            parsed = parse_up(str(message.topic))
            if parsed is not None and parsed[0] == self._house:
                self._heard[parsed[1]].put_nowait(bytes(message.payload))


@asynccontextmanager
async def courier_at(port: int, house: HouseId, signer: Signer) -> AsyncIterator[CourierPeer]:
    """A connected courier that listens to all houses."""
    client = aiomqtt.Client(
        "127.0.0.1", port, identifier="courier-test", protocol=aiomqtt.ProtocolVersion.V5
    )
    async with client:
        await client.subscribe(all_up(), qos=1)
        peer = CourierPeer(client, house, signer)
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(peer.listen(), name="courier-listen")
            try:
                yield peer
            finally:
                listening.cancel()
