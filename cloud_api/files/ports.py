"""What do we need of a place where sealed contents rest?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class ObjectStore(Protocol):
    """Keeps sealed contents by random names.

    Every verb may be said again, and may raise StoreSilentError.
    """

    async def put(self, name: str, sealed: bytes) -> None:
        """Keep; when this returns, a power cut loses nothing. The same name is overwritten."""
        ...

    async def get(self, name: str) -> bytes:
        """Exactly what was put. Raises ObjectGoneError where there is nothing."""
        ...

    async def delete(self, name: str) -> None:
        """Let go of it; nothing by this name is fine."""
        ...

    async def names(self, *, before: datetime) -> Sequence[str]:
        """What lies there since before this instant, to find what nobody remembers."""
        ...
