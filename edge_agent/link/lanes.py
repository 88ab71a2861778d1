"""Which frames wait for which others, so that one slow answer holds up nothing else?

Book frames are taken one after the other; live ones side by side, because a lock may take seconds;
music beside both. Each lane is bounded: a full one drops, counts, and what matters is asked again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from edge_agent.link.counters import LinkCounters
from protocol.topics import Down

Handler = Callable[[Down, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Lane:
    """Some channels that share a queue of `room` frames and that many workers."""

    name: str
    channels: frozenset[Down]
    workers: int
    room: int


LANES: Final = (
    Lane(
        "book",
        frozenset(
            {
                Down.KEYS,
                Down.SNAPSHOT,
                Down.CURRENT,
                Down.RECEIPT,
                Down.AGAIN,
                Down.CONFIG,
                Down.LOOK,
            }
        ),
        workers=1,
        room=64,
    ),
    Lane("live", frozenset({Down.ASK, Down.COMMAND}), workers=8, room=64),
    Lane("music", frozenset({Down.MUSIC}), workers=4, room=32),
)


class Sorter:
    """Puts frames into their lanes and runs the workers of one connection."""

    def __init__(self, handle: Handler, counters: LinkCounters) -> None:
        self._handle = handle
        self._counters = counters
        self._queues: dict[Down, asyncio.Queue[tuple[Down, bytes]]] = {}

    def start(self, group: asyncio.TaskGroup) -> None:
        """Start all workers in the connection's task group."""
        for lane in LANES:
            queue: asyncio.Queue[tuple[Down, bytes]] = asyncio.Queue(lane.room)
            self._queues.update(dict.fromkeys(lane.channels, queue))
            for number in range(lane.workers):
                group.create_task(self._work(queue), name=f"link-{lane.name}-{number}")

    def put(self, channel: Down, frame: bytes) -> None:
        """Never waits."""
        try:
            self._queues[channel].put_nowait((channel, frame))
        except asyncio.QueueFull:
            self._counters.drop(channel.value)

    async def _work(self, queue: asyncio.Queue[tuple[Down, bytes]]) -> None:
        while True:
            channel, frame = await queue.get()
            await self._handle(channel, frame)
