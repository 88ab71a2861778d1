"""What was last heard of each player?"""

from dataclasses import replace

from edge_agent.drivers.kit.announcer import Announcer
from edge_agent.ports import PlaybackState, PlayerReading


class Roster:
    """The last readings; they outlive a lost link as stale and not connected."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self._readings: dict[str, PlayerReading] = {}

    def all(self) -> tuple[PlayerReading, ...]:
        """All players, by name."""
        return tuple(sorted(self._readings.values(), key=lambda r: (r.name.casefold(), r.player)))

    def get(self, player: str) -> PlayerReading | None:
        """One player."""
        return self._readings.get(player)

    def heard(self, readings: tuple[PlayerReading, ...]) -> None:
        """Take the server's full list; whoever is missing has gone."""
        present = {reading.player for reading in readings}
        for gone in self._readings.keys() - present:
            self._announcer.announce(_absent(self._readings.pop(gone)))
        for reading in readings:
            self._put(reading)

    def lost(self) -> None:
        """The link is gone: nothing heard so far holds any more."""
        for reading in self._readings.values():
            self._put(_absent(reading))

    def _put(self, reading: PlayerReading) -> None:
        if self._readings.get(reading.player) != reading:
            self._readings[reading.player] = reading
            self._announcer.announce(reading)


def _absent(reading: PlayerReading) -> PlayerReading:
    return replace(reading, state=PlaybackState.NOT_CONNECTED, stale=True)
