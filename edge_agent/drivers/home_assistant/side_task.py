"""How does a task live beside a block of code, and end with it?"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


@asynccontextmanager
async def beside[T](work: Coroutine[None, None, T], *, name: str) -> AsyncIterator[asyncio.Task[T]]:
    """The task while entered, cancelled at the end. The body's error leaves as it is."""
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work, name=name)
        try:
            yield task
        except Exception as error:  # noqa: BLE001 - raised again below, not wrapped in a group
            failure = error
        finally:
            task.cancel()
    if failure is not None:
        raise failure
