"""How is one thing done for each of several, side by side?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def each_at_once[C](carried: Iterable[C], do: Callable[[C], Awaitable[None]]) -> None:
    """All of them at the same time; returns when the last has ended."""

    async def one(each: C) -> None:
        await do(each)

    async with asyncio.TaskGroup() as tasks:
        for each in carried:
            tasks.create_task(one(each), name="one of several")
