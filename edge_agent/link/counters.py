"""What arrived, what went, what was refused and why? Numbers only, for health and logs."""

from collections import Counter
from dataclasses import dataclass, field

import structlog

_log = structlog.get_logger("portero.link")


@dataclass(slots=True)
class LinkCounters:
    """Counts since start. Keys are `<channel>` or `<channel>.<flaw>`; all words are ours."""

    connections: int = 0
    lost: int = 0
    online: bool = False
    received: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    def refuse(self, channel: str, flaw: str, *, reason: str | None = None) -> None:
        """Count a bad frame; explain it in the log at 1, 2, 4, 8 … so that a flood stays short."""
        key = f"{channel}.{flaw}"
        self.refused[key] += 1
        if _is_power_of_two(self.refused[key]):
            _log.warning(
                "frame_refused", channel=channel, flaw=flaw, reason=reason, times=self.refused[key]
            )

    def drop(self, channel: str) -> None:
        """Count a frame that found its queue full."""
        self.dropped[channel] += 1
        if _is_power_of_two(self.dropped[channel]):
            _log.warning("frame_dropped", channel=channel, times=self.dropped[channel])


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
