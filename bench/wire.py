"""How do we ask over HTTP while spending next to nothing ourselves?

A load generator that shares the machine with what it measures must be cheaper than either side, or
it hides the difference: one keep-alive connection, bytes written as they are, no library.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: `host:port`, or a unix socket's path in `host` with port 0."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body; `cookie` is what Set-Cookie named, without its attributes."""

    status: int
    body: bytes
    cookie: str = ""


class Wire:
    """One HTTP/1.1 connection, one question at a time. Answers must have a Content-Length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, address: Address) -> Self:
        """A fresh connection."""
        if address.port:
            return cls(*await asyncio.open_connection(address.host, address.port))
        return cls(*await asyncio.open_unix_connection(address.host))

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send, and wait for the whole answer. TimeoutError after 30 s."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
        )
        self._writer.write(head.encode() + body)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answer()

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head.split("\r\n")
        size, cookie = 0, ""
        for line in lines:
            name, _, value = line.partition(":")
            match name.lower():
                case "content-length":
                    size = int(value)
                case "set-cookie":
                    cookie = value.strip().partition(";")[0]
                case _:
                    pass
        body = await self._reader.readexactly(size) if size else b""
        return Answer(int(status_line.split(" ")[1]), body, cookie)

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()


@asynccontextmanager
async def wires(address: Address, count: int) -> AsyncIterator[list[Wire]]:
    """So many connections to one server."""
    opened = [await Wire.to(address) for _ in range(count)]
    try:
        yield opened
    finally:
        for each in opened:
            await each.close()
