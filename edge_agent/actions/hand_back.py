"""How are the speakers left as a stay found them?

When a stay begins its players' volumes are kept; when it ends they are stopped, cleared, ungrouped
and set back. Both are remembered on disk before anything moves, so a restart in between forgets
nothing; doing it twice does no harm. A player another stay still uses is left alone.
"""

from dataclasses import dataclass, field
from typing import Protocol

import structlog
from pydantic import Field

from edge_agent.actions.music import MusicDevices
from edge_agent.doorkeeper import MusicGate
from edge_agent.errors import EdgeError
from protocol.base import Wire

_log = structlog.get_logger("portero.music")

Volumes = dict[str, int]
"""Percent by the speaker's id at the music server."""


class KeptVolumes(Wire):
    """What is remembered of the speakers, by stay id; `ended`: still to be handed back."""

    stays: dict[str, Volumes] = Field(default_factory=dict)
    ended: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class SpeakerMemory(Protocol):
    """Where kept volumes outlive the process."""

    def load(self) -> KeptVolumes:
        """What was saved last; empty when there is nothing readable."""

    def save(self, kept: KeptVolumes) -> None:
        """Durable when it returns."""


class NoMemory:
    """For a house that need not remember."""

    def load(self) -> KeptVolumes:
        """Nothing."""
        return KeptVolumes()

    def save(self, kept: KeptVolumes) -> None:
        """Forget it."""


@dataclass(slots=True)
class HandBackRound:
    """Asks lockd which stays began and ended, and restores the speakers; take turns for ever."""

    gate: MusicGate
    devices: MusicDevices
    memory: SpeakerMemory
    _kept: KeptVolumes | None = field(default=None, init=False)

    async def turn(self) -> None:
        """One look. Errors of a device leave the work for the next turn."""
        kept = self._kept or self.memory.load()
        told = await self.gate.stays()
        began = {str(stay): told.players.get(str(stay), ()) for stay in told.began}
        ended = {str(stay): told.players.get(str(stay), ()) for stay in told.ended}
        kept = KeptVolumes(stays=dict(kept.stays), ended={**kept.ended, **ended})
        if began or ended:
            kept = _remember(kept, began, await self._current_volumes())
            self.memory.save(kept)
            await self.gate.stays_heard(began=told.began, ended=told.ended)
        self._kept = kept
        for stay, players in kept.ended.items():
            await self._hand_back(stay, players)

    async def _current_volumes(self) -> Volumes:
        try:
            return await self.devices.hand_back.snapshot_volumes()
        except EdgeError as error:
            _log.warning("volumes_not_known", reason=error.reason)
            return {}

    async def _hand_back(self, stay: str, players: tuple[str, ...]) -> None:
        kept = self._kept or KeptVolumes()
        in_use = {each for other, held in kept.stays.items() if other != stay for each in held}
        volumes = kept.stays.get(stay, {})
        free = [each for each in players if each not in in_use]
        known = {each: volumes[each] for each in free if each in volumes}
        try:
            unknown = await self._current_volumes() if len(known) < len(free) else {}
            known |= {each: unknown[each] for each in free if each in unknown and each not in known}
            if known:
                await self.devices.hand_back.hand_back(known)
        except EdgeError as error:
            _log.warning("hand_back_waits", stay=stay, reason=error.reason)
            return
        self._forget(stay)
        _log.info("music_handed_back", stay=stay, players=len(known))

    def _forget(self, stay: str) -> None:
        kept = self._kept or KeptVolumes()
        self._kept = KeptVolumes(
            stays={each: held for each, held in kept.stays.items() if each != stay},
            ended={each: held for each, held in kept.ended.items() if each != stay},
        )
        self.memory.save(self._kept)


def _remember(kept: KeptVolumes, began: dict[str, tuple[str, ...]], now: Volumes) -> KeptVolumes:
    """A player somebody already uses keeps the volume from before that somebody came."""
    stays = dict(kept.stays)
    for stay, players in began.items():
        if stay in stays:
            continue
        earlier = {player: volume for held in stays.values() for player, volume in held.items()}
        stays[stay] = {
            each: earlier.get(each, now.get(each)) or 0
            for each in players
            if each in earlier or each in now
        }
    return KeptVolumes(stays=stays, ended=kept.ended)
