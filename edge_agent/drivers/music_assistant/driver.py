"""How does one Music Assistant server serve the house's speaker ports?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from functools import partial
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aiohttp import ClientSession

from edge_agent.drivers.kit.announcer import Announcer
from edge_agent.drivers.kit.latest_wins import LatestWins
from edge_agent.drivers.kit.roster import Roster
from edge_agent.drivers.music_assistant.addresses import checked_address
from edge_agent.drivers.music_assistant.hand_back import hand_back
from edge_agent.drivers.music_assistant.link import Link, MusicStatus
from edge_agent.errors import DeviceUnreachable, NoSuchThing, PickAnother
from edge_agent.ports import (
    MediaItem,
    MediaType,
    PlaybackState,
    PlayerReading,
    QueueItem,
    QueueOption,
    Transport,
)

if TYPE_CHECKING:
    from edge_agent.drivers.music_assistant.commands import Commands
    from edge_agent.drivers.music_assistant.config import MusicAssistantConfig

LOUDEST = 100
LONGEST_PAGE = 500
LONGEST_QUERY = 200


class MusicAssistant:
    """The speakers of one house: each port of `edge_agent.ports` that is about music.

    Enter it as `async with MusicAssistant(config) as music`: entering never waits for the
    server, leaving ends its tasks. Without a link, commands raise why there is none and
    `players` still answers with what was heard last.
    """

    def __init__(self, config: "MusicAssistantConfig", *, random: Random | None = None) -> None:
        self._config = config
        self._random = random or Random()  # noqa: S311 - spreads reconnects, keeps no secret
        self._announcer = Announcer()
        self._roster = Roster(self._announcer)
        self._volumes: dict[str, LatestWins] = {}

    def __repr__(self) -> str:
        """Never shows the token."""
        return f"MusicAssistant({self._config.url})"

    async def __aenter__(self) -> Self:
        """Start dialling in the background."""
        self._http = ClientSession()
        self._link = Link(self._config, http=self._http, roster=self._roster, random=self._random)
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._link.run(), name="music-link")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up. An error of the body leaves as it is, not wrapped in a group."""
        self._running.cancel()
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        try:
            await self._tasks.__aexit__(*((kind, error, trace) if cancelled else (None,) * 3))
        finally:
            await self._http.close()

    @property
    def status(self) -> MusicStatus:
        """Whether there is a link, and why not."""
        return self._link.status

    async def wait_connected(self, limit_seconds: float) -> bool:
        """Wait for a link; False when there was none in time."""
        try:
            async with asyncio.timeout(limit_seconds):
                await self._link.ready.wait()
        except TimeoutError:
            return False
        return True

    def changes(self) -> AbstractContextManager[AsyncIterator[PlayerReading]]:
        """Each changed reading from now on; a slow reader gets the newest of each player."""
        return self._announcer.listen()

    # Speakers

    async def players(self) -> tuple[PlayerReading, ...]:
        """All speakers, by name; stale and not connected while the link is down."""
        return self._roster.all()

    async def transport(self, player: str, command: Transport) -> None:
        """Tell the player's active queue. NoSuchThing("queue_empty"): nothing to play."""
        await self._commands_for(player).transport(player, command)

    async def set_volume(self, player: str, percent: int) -> None:
        """0..100, else PickAnother. Unsupported: this player has no volume."""
        if not 0 <= percent <= LOUDEST:
            raise PickAnother("volume_out_of_range")
        self._commands_for(player)
        lane = self._volumes.get(player)
        if lane is None:
            lane = self._volumes[player] = LatestWins(
                partial(self._send_volume, player),
                spacing_seconds=self._config.volume_spacing.total_seconds(),
            )
        await lane.submit(percent)

    # MediaLibrary

    async def search(
        self, query: str, *, types: tuple[MediaType, ...], limit: int
    ) -> tuple[MediaItem, ...]:
        """At most `limit` of each type, in the order of `types`. PickAnother: blank or too long."""
        words = query.strip()
        if not 0 < len(words) <= LONGEST_QUERY:
            raise PickAnother("bad_query")
        _check_page(limit)
        commands = self._link.commands()
        return await commands.search(words, types=types, limit=limit) if types else ()

    async def tracks(self, *, limit: int, offset: int) -> tuple[MediaItem, ...]:
        """A page of the library, by name."""
        return await self.shelf(MediaType.TRACK, limit=limit, offset=offset)

    # MediaShelf

    async def shelf(
        self, media_type: MediaType, *, limit: int, offset: int
    ) -> tuple[MediaItem, ...]:
        """A page of the library's things of one kind, by name."""
        _check_page(limit, offset)
        return await self._link.commands().shelf(media_type, limit=limit, offset=offset)

    async def look_up(self, uri: str) -> MediaItem:
        """PickAnother: not an address of a provider; NoSuchThing: it leads nowhere."""
        return await self._link.commands().look_up(checked_address(uri))

    # PlayQueue

    async def items(self, player: str, *, limit: int) -> tuple[QueueItem, ...]:
        """The active queue in order; from the current item when it lies beyond `limit`."""
        _check_page(limit)
        return await self._commands_for(player).queue_items(player, limit=limit)

    async def enqueue(self, player: str, uri: str, option: QueueOption) -> None:
        """PickAnother: not an address of a provider; NoSuchThing: nothing there to play."""
        await self._commands_for(player).enqueue(player, checked_address(uri), option)

    # QueueCare

    async def remove(self, player: str, item: str) -> None:
        """NoSuchThing: the entry is gone, or plays already."""
        await self._commands_for(player).remove(player, item)

    async def move(self, player: str, item: str, places: int) -> None:
        """So many places earlier (negative) or later."""
        await self._commands_for(player).move(player, item, places)

    # HandBack

    async def snapshot_volumes(self) -> dict[str, int]:
        """Volumes of connected single speakers; groups are only averages of theirs."""
        return self._link.commands().volumes()

    async def hand_back(self, volumes: dict[str, int]) -> None:
        """Leave the speakers as found; TryLater names who is left. Safe to repeat."""
        await hand_back(self._link.commands(), self._roster, volumes, self.set_volume)

    def _commands_for(self, player: str) -> "Commands":
        """The server answers commands to unknown and absent players with silence, so we look."""
        commands = self._link.commands()
        reading = self._roster.get(player)
        if reading is None:
            raise NoSuchThing("no_such_player")
        if reading.state is PlaybackState.NOT_CONNECTED:
            raise DeviceUnreachable("player_not_connected")
        return commands

    async def _send_volume(self, player: str, percent: int) -> None:
        await self._commands_for(player).set_volume(player, percent)


def _check_page(limit: int, offset: int = 0) -> None:
    if not 1 <= limit <= LONGEST_PAGE or offset < 0:
        raise PickAnother("bad_page")
