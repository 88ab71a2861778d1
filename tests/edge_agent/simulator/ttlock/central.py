"""A bare central that speaks frames built here, without any client library's codec."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bleak import BleakClient

from edge_agent.simulator.ttlock.frames import Assembler, seal, unseal
from edge_agent.simulator.ttlock.lock import NOTIFY, WRITE
from edge_agent.simulator.ttlock.model import Identity, Op

SILENCE_SECONDS = 0.15


class Central:
    """Sends one frame, gives the plain answer."""

    def __init__(self, client: BleakClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity
        self._key = identity.aes_key.get_secret_value()
        self._assembler = Assembler()
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()

    def hear(self, _characteristic: object, chunk: bytearray) -> None:
        frame = self._assembler.feed(bytes(chunk))
        if frame is not None:
            self._answers.put_nowait(unseal(self._identity.firmware, self._key, frame)[1])

    async def ask(self, op: Op | int, payload: bytes, *, key: bytes | None = None) -> bytes | None:
        """The plain answer (opcode, status, data), or None for silence."""
        return await self.send(seal(self._identity.firmware, key or self._key, op, payload))

    async def send(self, frame: bytes) -> bytes | None:
        for start in range(0, len(frame), 20):
            await self._client.write_gatt_char(WRITE, frame[start : start + 20], response=False)
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                return await self._answers.get()
        except TimeoutError:
            return None

    async def token(self) -> int:
        answer = await self.ask(Op.CHECK_USER, bytes.fromhex("0001311400991130140000000000000000"))
        assert answer is not None
        return int.from_bytes(answer[2:6], "big")

    async def unlock(self, token: int) -> bytes | None:
        proof = (token + self._identity.unlock_key) & 0xFFFFFFFF
        return await self.ask(Op.UNLOCK, proof.to_bytes(4, "big") + bytes(4))


@asynccontextmanager
async def connected(identity: Identity) -> AsyncIterator[Central]:
    async with BleakClient(identity.address) as client:
        central = Central(client, identity)
        await client.start_notify(NOTIFY, central.hear)
        yield central
