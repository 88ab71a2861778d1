"""Wait for something the wire brings a moment later."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(true: Callable[[], bool], *, within_seconds: float = 10.0) -> None:
    """Return once true; TimeoutError otherwise."""
    async with asyncio.timeout(within_seconds):
        while not true():  # noqa: ASYNC110 - the other side of a socket sets no event
            await asyncio.sleep(0.005)


async def eventually_async(
    true: Callable[[], Awaitable[bool]], *, within_seconds: float = 10.0
) -> None:
    """The same for questions that are asked over the wire."""
    async with asyncio.timeout(within_seconds):
        while not await true():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
