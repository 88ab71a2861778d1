"""How do tests and the demo steer a simulated lock in another process, and read its record?

A unix socket beside the air: one JSON request a line, one JSON answer a line.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, assert_never

from pydantic import Field, TypeAdapter, ValidationError

from edge_agent.simulator.gatt import LINE_LIMIT
from edge_agent.simulator.ttlock.lock import SimulatedLock
from edge_agent.simulator.ttlock.model import (
    Bolt,
    Conditions,
    Fault,
    Model,
    Movement,
    Snapshot,
    StoredCode,
)

_ANSWER_SECONDS = 5.0


class _Look(Model):
    do: Literal["movements", "codes", "snapshot", "clear_faults", "hang_up"]


class _Press(Model):
    do: Literal["press"] = "press"
    digits: str = Field(repr=False)


class _TurnKey(Model):
    do: Literal["turn_key"] = "turn_key"
    bolt: Bolt


class _SetConditions(Model):
    do: Literal["set_conditions"] = "set_conditions"
    conditions: Conditions


class _SetClock(Model):
    do: Literal["set_clock"] = "set_clock"
    local: datetime


class _AddFault(Model):
    do: Literal["add_fault"] = "add_fault"
    fault: Fault


type _Request = _Look | _Press | _TurnKey | _SetConditions | _SetClock | _AddFault

_REQUEST: TypeAdapter[_Request] = TypeAdapter(
    Annotated[
        _Look | _Press | _TurnKey | _SetConditions | _SetClock | _AddFault,
        Field(discriminator="do"),
    ]
)
_MOVEMENTS = TypeAdapter(tuple[Movement, ...])
_CODES = TypeAdapter(tuple[StoredCode, ...])
_OPENED = TypeAdapter(bool)


@asynccontextmanager
async def serve_control(socket_path: Path, lock: SimulatedLock) -> AsyncIterator[None]:
    """Let a `Door` at `socket_path` steer the lock until the block ends."""
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while line := await reader.readline():
                writer.write(_perform(lock, _REQUEST.validate_json(line)) + b"\n")
                await writer.drain()
        except (ConnectionError, ValidationError, ValueError):
            pass  # an unknown request is hung up on
        finally:
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_unix_server(serve, path=socket_path, limit=LINE_LIMIT)
    try:
        yield
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


class Door:
    """A simulated lock in another process, by its control socket."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path

    async def movements(self) -> tuple[Movement, ...]:
        """The independent record: every movement of the bolt, oldest first."""
        return _MOVEMENTS.validate_json(await self._ask(_Look(do="movements")))

    async def codes(self) -> tuple[StoredCode, ...]:
        """The code table as it is in the lock."""
        return _CODES.validate_json(await self._ask(_Look(do="codes")))

    async def snapshot(self) -> Snapshot:
        """How the lock stands."""
        return Snapshot.model_validate_json(await self._ask(_Look(do="snapshot")))

    async def press(self, digits: str) -> bool:
        """Type a code; whether the door opened."""
        return _OPENED.validate_json(await self._ask(_Press(digits=digits)))

    async def turn_key(self, bolt: Bolt) -> None:
        """Use the metal key or the inside handle."""
        await self._ask(_TurnKey(bolt=bolt))

    async def set_conditions(self, conditions: Conditions) -> None:
        """Replace the standing conditions."""
        await self._ask(_SetConditions(conditions=conditions))

    async def set_clock(self, local: datetime) -> None:
        """Let the clock have drifted to `local` (naive)."""
        await self._ask(_SetClock(local=local))

    async def add_fault(self, fault: Fault) -> None:
        """Script a fault."""
        await self._ask(_AddFault(fault=fault))

    async def clear_faults(self) -> None:
        """Forget scripted faults."""
        await self._ask(_Look(do="clear_faults"))

    async def hang_up(self) -> None:
        """Drop whoever is connected."""
        await self._ask(_Look(do="hang_up"))

    async def _ask(self, request: _Request) -> bytes:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_unix_connection(
                self._socket_path, limit=16 * 1024 * 1024
            )
            try:
                writer.write(request.model_dump_json().encode() + b"\n")
                answer = await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
        if not answer:
            raise ConnectionError("the lock hung up")
        return answer


def _perform(lock: SimulatedLock, request: _Request) -> bytes:
    match request:
        case _Look():
            return _look(lock, request)
        case _Press():
            return _OPENED.dump_json(lock.press(request.digits))
        case _TurnKey():
            lock.turn_key(request.bolt)
        case _SetConditions():
            lock.set_conditions(request.conditions)
        case _SetClock():
            lock.set_clock(request.local)
        case _AddFault():
            lock.add_fault(request.fault)
        case _:
            assert_never(request)
    return b"null"


def _look(lock: SimulatedLock, request: _Look) -> bytes:
    match request.do:
        case "movements":
            return _MOVEMENTS.dump_json(lock.movements())
        case "codes":
            return _CODES.dump_json(lock.codes())
        case "snapshot":
            return lock.snapshot().model_dump_json().encode()
        case "clear_faults":
            lock.clear_faults()
        case "hang_up":
            lock.hang_up()
    return b"null"
