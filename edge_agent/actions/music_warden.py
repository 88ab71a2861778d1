"""Who sees to it that the music stays within what the neighbours are owed?

Guests' own wishes are held to the ceiling before they are carried out. This is for the rest: a knob
turned on the speaker, an app of the owner's, quiet hours that begin while the music plays. What is
too loud is set back at once; when the ceiling itself sinks, the music fades to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog

from edge_agent.actions.music_queue import QueueKeeper
from edge_agent.doorkeeper import HouseState, StateGate
from edge_agent.errors import EdgeError
from edge_agent.policy.music_rules import Fade
from edge_agent.ports import PlaybackState, PlayerReading, Speakers, Transport

_log = structlog.get_logger("portero.music")

BUSY_SECONDS: Final = 1.0
"""How soon to look again while something fades or was set back."""


@dataclass(slots=True)
class _Fading:
    began: float
    fade: Fade


@dataclass(slots=True)
class MusicWarden:
    """Looks at all speakers of the house; take turns for ever. `now` is monotonic, in seconds."""

    gate: StateGate
    speakers: Speakers
    queues: QueueKeeper
    _ceiling: int | None = field(default=None, init=False)
    _fading: dict[str, _Fading] = field(default_factory=dict, init=False)
    _heard: dict[str, tuple[str | None, str | None]] = field(default_factory=dict, init=False)

    async def turn(self, now: float) -> bool:
        """One look. True when the next one should come soon: something fades, or was set back."""
        state = await self.gate.state()
        readings = [each for each in await self.speakers.players() if _is_ours(each, state)]
        self._note_ceiling(state, readings, now)
        is_busy = False
        for reading in readings:
            is_busy |= await self._hold(reading, state.ceiling, now)
        if not state.rules.explicit:
            for reading in readings:
                await self._listen_in(reading)
        return is_busy

    def _note_ceiling(
        self, state: HouseState, readings: Iterable[PlayerReading], now: float
    ) -> None:
        sank = self._ceiling is not None and state.ceiling < self._ceiling
        self._ceiling = state.ceiling
        if not sank or not state.rules.fade_seconds:
            return
        for each in readings:
            if each.state is PlaybackState.PLAYING and (each.volume or 0) > state.ceiling:
                loud = each.volume or 0
                fade = Fade(loud, state.ceiling, state.rules.fade_seconds)
                self._fading[each.player] = _Fading(now, fade)

    async def _hold(self, reading: PlayerReading, ceiling: int, now: float) -> bool:
        allowed = self._allowed(reading.player, ceiling, now)
        fades = reading.player in self._fading
        if reading.volume is None or reading.volume <= allowed:
            return fades
        try:
            await self.speakers.set_volume(reading.player, allowed)
        except EdgeError as error:
            _log.warning("too_loud_and_not_held", player=reading.player, reason=error.reason)
        else:
            if not fades:
                _log.info("volume_set_back", player=reading.player, percent=allowed)
        return True

    def _allowed(self, player: str, ceiling: int, now: float) -> int:
        fading = self._fading.get(player)
        if fading is None:
            return ceiling
        allowed = fading.fade.allowed(now - fading.began)
        if allowed <= ceiling or fading.fade.low > ceiling:
            del self._fading[player]
            return ceiling
        return allowed

    async def _listen_in(self, reading: PlayerReading) -> None:
        """A new track plays: what is marked explicit is skipped, and taken out of what waits."""
        heard = (reading.title, reading.artist)
        playing = reading.state is PlaybackState.PLAYING
        if not playing or self._heard.get(reading.player) == heard:
            return
        try:
            if await self.queues.sweep(reading.player):
                await self._skip(reading.player)
        except EdgeError as error:
            _log.warning("track_not_looked_at", player=reading.player, reason=error.reason)
            return
        self._heard[reading.player] = heard

    async def _skip(self, player: str) -> None:
        """To the next track; where there is none, to silence."""
        await self.speakers.transport(player, Transport.NEXT)
        if await self.queues.sweep(player):
            await self.speakers.transport(player, Transport.STOP)
        _log.info("explicit_track_skipped", player=player)


def _is_ours(reading: PlayerReading, state: HouseState) -> bool:
    known = reading.player in state.speakers and not reading.stale
    return known and reading.state is not PlaybackState.NOT_CONNECTED
