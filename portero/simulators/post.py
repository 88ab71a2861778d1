"""What does a vendor bring to our door, and how often?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portero.simulators.kit import Bell


@dataclass(frozen=True, slots=True)
class Sent:
    """One webhook, ready to be brought: now, late, or as often as one likes."""

    content: bytes
    headers: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)

    async def to(self, url: str, *, times: int = 1) -> list[int]:
        """Bring it, one time after the other; what our door answered each time."""
        bell = Bell.at(url)
        return [
            await bell.ring(content=self.content, headers=self.headers, params=self.params or None)
            for _ in range(times)
        ]
