"""How does the demo wait: for an address to answer, for something to become true?"""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from portero.demo.processes import Troupe
from portero.demo.voice import StoryError

READY_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5

type Question = Callable[[], Awaitable[bool]]


async def until_answers(url: str, troupe: Troupe) -> None:
    """Wait for any HTTP answer. StoryError when a process died or it takes too long."""
    async with httpx.AsyncClient(timeout=2.0) as http:

        async def answers() -> bool:
            try:
                await http.get(url)
            except httpx.HTTPError:
                return False
            return True

        await until(answers, READY_SECONDS, f"{url} did not answer", troupe=troupe)


async def until(
    true: Question, seconds: float, otherwise: str, *, troupe: Troupe | None = None
) -> None:
    """Ask again and again, ever less often. StoryError when time is over or a process died."""
    pause = _FIRST_PAUSE_SECONDS
    try:
        async with asyncio.timeout(seconds):
            while not await true():
                if troupe is not None and troupe.dead():
                    raise StoryError(f"{troupe.dead()[0].name} ended by itself")
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
    except TimeoutError:
        raise StoryError(otherwise) from None
