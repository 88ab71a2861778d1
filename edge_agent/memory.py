"""How does a process give back what only its start needed?"""

import asyncio
import ctypes
import gc
from typing import Final

CALM_SECONDS: Final = 3.0
"""Not at once: whoever waits at a door right after a power cut comes first."""


def give_back_later() -> None:
    """In a moment, once: what importing and building left behind, two to four MB of each process.

    A house's computer may be an old one, and it holds Home Assistant too.
    """
    asyncio.get_running_loop().call_later(CALM_SECONDS, give_back)


def give_back() -> None:
    """Collect, and have the C library return free pages; glibc alone keeps them otherwise."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
