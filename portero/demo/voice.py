"""How does the demo speak: chapters, steps, and whether each was as told?"""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

_BOLD, _DIM, _GREEN, _RED, _RESET = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


class StoryError(Exception):
    """A step did not end as told."""


@dataclass
class Voice:
    """Prints; remembers which steps failed."""

    failed: list[str] = field(default_factory=list)

    def title(self, text: str) -> None:
        """A heading."""
        self._line(f"\n{self._paint(_BOLD, text)}")

    def say(self, text: str) -> None:
        """A line."""
        self._line(f"  {text}")

    def whisper(self, text: str) -> None:
        """A line of less weight."""
        self._line(self._paint(_DIM, f"  {text}"))

    async def step(self, told: str, happens: Callable[[], Awaitable[str | None]]) -> None:
        """Tell a step, let it happen, say how it ended. StoryError stops the story."""
        try:
            note = await happens()
        except StoryError as error:
            self.failed.append(told)
            self._line(f"  {self._paint(_RED, 'NO')}  {told}\n      {error}")
            raise
        self._line(f"  {self._paint(_GREEN, 'ok')}  {told}")
        if note:
            self.whisper(f"    {note}")

    def _line(self, text: str) -> None:
        print(text, flush=True)

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_RESET}" if sys.stdout.isatty() else text


def expect(true: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """StoryError with this explanation unless true."""
    if not true:
        raise StoryError(otherwise)
