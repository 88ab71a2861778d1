"""How long to wait before dialling again?"""

from dataclasses import dataclass
from datetime import timedelta
from random import Random


@dataclass(slots=True)
class Backoff:
    """Doubling pauses from `first` to `longest`, each cut by chance to between half and all of it.

    The jitter keeps many houses from dialling in step after a power cut.
    """

    first: timedelta
    longest: timedelta
    random: Random
    failures: int = 0

    def next_pause(self) -> timedelta:
        """The pause after one more failure."""
        ceiling = min(self.first * (1 << min(self.failures, 30)), self.longest)
        self.failures += 1
        return ceiling * self.random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start over after a success."""
        self.failures = 0
