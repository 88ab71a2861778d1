"""How do many wishes for one value become few commands, the last one winning?"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Wish:
    value: int
    done: bool = False
    failure: Exception | None = None


class LatestWins:
    """Sends one value at a time; a newer one replaces the one still waiting.

    Each caller returns when its own value or a newer one has been answered, and shares that
    answer. `spacing` is kept between the end of one command and the start of the next.
    """

    def __init__(self, send: Callable[[int], Awaitable[None]], *, spacing_seconds: float) -> None:
        self._send = send
        self._spacing_seconds = spacing_seconds
        self._turn = asyncio.Lock()
        self._waiting: _Wish | None = None
        self._rested_at = 0.0

    async def submit(self, value: int) -> None:
        """Wish for a value; raises what the sending of it, or of its successor, raised."""
        wish = self._waiting or _Wish(value)
        wish.value = value
        self._waiting = wish
        async with self._turn:
            if not wish.done:
                await self._rest()
                await self._fulfil(wish)
        if wish.failure is not None:
            raise wish.failure

    async def _rest(self) -> None:
        """Newer values may still join while the spacing passes."""
        wait = self._rested_at - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)

    async def _fulfil(self, wish: _Wish) -> None:
        if self._waiting is wish:
            self._waiting = None  # from here on newer values wait for the next turn
        try:
            await self._send(wish.value)
        except Exception as error:  # noqa: BLE001 - kept for every caller that shares this wish
            wish.failure = error
        finally:
            self._rested_at = asyncio.get_running_loop().time() + self._spacing_seconds
        wish.done = True
