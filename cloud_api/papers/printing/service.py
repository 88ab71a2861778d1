"""How is the press run: one paper at a time for each turn, and never for longer than it may?"""

import asyncio
import sys
from typing import Final

import structlog

from cloud_api.papers.errors import PaperNotMade

SECONDS: Final = 60.0
_AT_ONCE: Final = 2
_PDF: Final = b"%PDF-"
# The press knows nothing of this process: no settings, no secrets.
_WORLD: Final = {"LANG": "C.UTF-8", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}

_log = structlog.get_logger(__name__)


class Press:
    """Two papers at once in each process; who comes later waits."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._seconds = seconds

    async def pdf(self, page: str) -> bytes:
        """The page as PDF. Raises PaperNotMade."""
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "cloud_api.papers.printing.press",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_WORLD,
            )
            try:
                async with asyncio.timeout(self._seconds):
                    made, _ = await process.communicate(page.encode())
            except TimeoutError:
                _log.warning("paper_took_too_long", seconds=self._seconds)
                raise PaperNotMade from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode != 0 or not made.startswith(_PDF):
            _log.error("paper_not_made", code=process.returncode)
            raise PaperNotMade
        return made
