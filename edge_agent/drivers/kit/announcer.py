"""Who wants to hear of player changes, and what has each not heard yet?"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from edge_agent.ports import PlayerReading


class Announcer:
    """Hands each changed reading to all listeners.

    A slow listener costs one reading a player: newer ones replace those it has not taken.
    """

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []

    @contextmanager
    def listen(self) -> Iterator[AsyncIterator[PlayerReading]]:
        """Changes from now on, while entered."""
        listener = _Listener()
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    def announce(self, reading: PlayerReading) -> None:
        """Tell all listeners."""
        for listener in self._listeners:
            listener.put(reading)


class _Listener(AsyncIterator[PlayerReading]):
    def __init__(self) -> None:
        self._untold: dict[str, PlayerReading] = {}
        self._news = asyncio.Event()

    def put(self, reading: PlayerReading) -> None:
        self._untold[reading.player] = reading
        self._news.set()

    async def __anext__(self) -> PlayerReading:
        await self._news.wait()
        oldest = next(iter(self._untold))
        reading = self._untold.pop(oldest)
        if not self._untold:
            self._news.clear()
        return reading
