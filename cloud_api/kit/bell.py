"""How does one process hear at once that another has done something?

One dedicated asyncpg connection listens; whoever waits also looks by itself now and then, so that a
lost notification costs a moment and nothing else.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import inf

import asyncpg
import structlog

_log = structlog.get_logger("portero.bell")

_CONNECT_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_LOOK_UNHEARD_SECONDS = 0.1
_RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
_ALIVE_EVERY_SECONDS = 5.0


class Bell:
    """Wakes those who wait for a whole word, or for its first part, on one channel."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.listening = False

    def ring(self, word: str) -> None:
        """Somebody said this word, such as `command <id>`."""
        for event in (
            *self._waiting.get(word, ()),
            *self._waiting.get(word.split(" ", maxsplit=1)[0], ()),
        ):
            event.set()

    def ring_all(self) -> None:
        """Words may have been missed: everybody should look."""
        for events in list(self._waiting.values()):
            for event in events:
                event.set()

    @contextmanager
    def waiter(self, word: str) -> Iterator[asyncio.Event]:
        """An event set at every ring of `command <id>`, or of anything that begins `command`."""
        event = asyncio.Event()
        self._waiting[word].add(event)
        try:
            yield event
        finally:
            self._waiting[word].discard(event)
            if not self._waiting[word]:
                del self._waiting[word]

    async def rings(
        self, word: str, *, within_seconds: float = inf, look_seconds: float = _LOOK_SECONDS
    ) -> AsyncIterator[None]:
        """Now, at every ring, and now and then besides, until the time is over.

        A bell that hears nothing (its connection is lost) makes its waiters look more often.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + within_seconds
        with self.waiter(word) as event:
            while True:
                event.clear()
                yield
                left = ends - loop.time()
                if left <= 0:
                    return
                look = look_seconds if self.listening else _LOOK_UNHEARD_SECONDS
                await wait_at_most(event, min(left, look))


async def wait_at_most(event: asyncio.Event, seconds: float) -> bool:
    """True when it was set in time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def listening(dsn: str, channel: str) -> AsyncIterator[Bell]:
    """A bell rung by `NOTIFY channel`, for as long as the block lasts; reconnects by itself."""
    bell = Bell()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(_listen(bell, dsn, channel), name=f"listen {channel}")
        try:
            yield bell
        finally:
            task.cancel()


async def _listen(bell: Bell, dsn: str, channel: str) -> None:
    failures = 0
    while True:
        try:
            await _listen_once(bell, dsn, channel)
            failures = 0
        except Exception as error:  # noqa: BLE001 - a door: a killed backend shows in many ways
            _log.warning("bell_lost", channel=channel, error=type(error).__name__)
        bell.listening = False
        wait = _RECONNECT_SECONDS[min(failures, len(_RECONNECT_SECONDS) - 1)]
        failures += 1
        await asyncio.sleep(wait)


async def _listen_once(bell: Bell, dsn: str, channel: str) -> None:
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        dsn,
        timeout=_CONNECT_SECONDS,
        command_timeout=_CONNECT_SECONDS,
        server_settings={"application_name": f"portero-{channel}"},
    )
    lost = asyncio.Event()

    def hear(_connection: object, _pid: int, _channel: str, word: object) -> None:
        bell.ring(str(word))

    def lose(_connection: object) -> None:
        lost.set()

    try:
        connection.add_termination_listener(lose)
        await connection.add_listener(channel, hear)
        bell.listening = True
        bell.ring_all()
        while not await wait_at_most(lost, _ALIVE_EVERY_SECONDS):
            await connection.execute("SELECT 1")
    finally:
        connection.terminate()
