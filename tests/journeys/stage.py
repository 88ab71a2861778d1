"""How do the parts of a journey run side by side in one process, each stoppable by itself?"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

STOP_SECONDS = 20.0
SOON_SECONDS = 20.0


@dataclass
class Stage:
    """Named tasks of one group; a part that breaks ends the journey at once."""

    group: asyncio.TaskGroup
    parts: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def start(self, name: str, work: Coroutine[None, None, None]) -> None:
        assert name not in self.parts, f"{name} runs already"
        self.parts[name] = self.group.create_task(work, name=name)

    async def stop(self, name: str) -> None:
        """Cancel a part and wait until it is gone; one that is not running is fine."""
        await self.ended(name, cancel=True)

    async def ended(self, name: str, *, cancel: bool = False) -> None:
        task = self.parts.pop(name, None)
        if task is None:
            return
        if cancel:
            task.cancel()
        async with asyncio.timeout(STOP_SECONDS):
            with suppress(asyncio.CancelledError):
                await asyncio.shield(asyncio.wait({task}))
        assert task.done(), f"{name} did not end"

    async def stop_all(self) -> None:
        for name in reversed(tuple(self.parts)):
            await self.stop(name)


async def until(
    true: Callable[[], Awaitable[bool]], otherwise: str, *, seconds: float = SOON_SECONDS
) -> None:
    """Ask again and again; the test fails with `otherwise` when it does not become true."""
    try:
        async with asyncio.timeout(seconds):
            while not await true():  # noqa: ASYNC110 - what is asked lives behind a socket
                await asyncio.sleep(0.03)
    except TimeoutError:
        raise AssertionError(f"{otherwise} within {seconds} s") from None
