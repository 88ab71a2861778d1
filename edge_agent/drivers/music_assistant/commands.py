"""Which commands of the library serve the house, on one living link?"""

from typing import TYPE_CHECKING

from music_assistant_models.enums import MediaType as TheirMediaType
from music_assistant_models.enums import QueueOption as TheirOption
from music_assistant_models.media_items import Album, Artist, Playlist, Track

from edge_agent.drivers.music_assistant.readings import (
    TheirMedia,
    has_volume,
    is_group,
    is_speaker,
    media_item,
    queue_item,
)
from edge_agent.drivers.music_assistant.session import Session
from edge_agent.errors import NoSuchThing, Unsupported
from edge_agent.ports import MediaItem, MediaType, QueueItem, QueueOption, Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import ClientSession
    from music_assistant_models.player_queue import PlayerQueue

    from edge_agent.drivers.music_assistant.config import MusicAssistantConfig


class Commands:
    """Our verbs in the library's words; every one goes through `Session.ask`.

    Unknown and absent players are the caller's to refuse: the server answers them with silence.
    """

    def __init__(self, config: "MusicAssistantConfig", http: "ClientSession") -> None:
        self.session = Session(config, http)
        self._client = self.session.client

    async def transport(self, player: str, command: Transport) -> None:
        """To the active queue; a player on a foreign source is told directly."""
        queue = await self._active_queue(player)
        target, on = (
            (self._client.player_queues, queue.queue_id)
            if queue
            else (self._client.players, player)
        )
        verb = {
            Transport.PLAY: target.play,
            Transport.PAUSE: target.pause,
            Transport.STOP: target.stop,
            Transport.NEXT: self._client.player_queues.next
            if queue
            else self._client.players.next_track,
            Transport.PREVIOUS: self._client.player_queues.previous
            if queue
            else self._client.players.previous_track,
        }[command]
        await self.session.ask(lambda: verb(on), acts=True)

    async def set_volume(self, player: str, percent: int) -> None:
        """Set it; the players tell of it a moment later."""
        known = self._client.players.get(player)
        if known is not None and not has_volume(known):
            raise Unsupported("no_volume")
        await self.session.ask(lambda: self._client.players.volume_set(player, percent), acts=True)

    async def queue_items(self, player: str, *, limit: int) -> tuple[QueueItem, ...]:
        """From the start, or from the current item when it lies beyond `limit`."""
        queue = await self._queue(player)
        index = queue.current_index or 0
        offset = index if index >= limit else 0
        items = await self.session.ask(
            lambda: self._client.player_queues.get_queue_items(queue.queue_id, limit, offset),
            acts=False,
        )
        return tuple(queue_item(queue, item) for item in items[:limit])

    async def enqueue(self, player: str, uri: str, option: QueueOption) -> None:
        """Put media into the active queue; what does not exist leaves the queue as it was."""
        queue = await self._queue(player)
        if option is QueueOption.REPLACE:  # the server empties the queue before it looks
            await self.session.ask(lambda: self._client.music.get_item_by_uri(uri), acts=False)
        await self.session.ask(
            lambda: self._client.player_queues.play_media(
                queue.queue_id, uri, TheirOption(option.value)
            ),
            acts=True,
        )

    async def search(
        self, query: str, *, types: tuple[MediaType, ...], limit: int
    ) -> tuple[MediaItem, ...]:
        """At most `limit` of each type, in the order of `types`."""
        found = await self.session.ask(
            lambda: self._client.music.search(
                query, [TheirMediaType(t.value) for t in types], limit
            ),
            acts=False,
        )
        shelves = {
            MediaType.TRACK: found.tracks,
            MediaType.ALBUM: found.albums,
            MediaType.ARTIST: found.artists,
            MediaType.PLAYLIST: found.playlists,
        }
        return tuple(media_item(self._client, item) for t in types for item in shelves[t][:limit])

    async def shelf(
        self, media_type: MediaType, *, limit: int, offset: int
    ) -> tuple[MediaItem, ...]:
        """A page of the library's things of one kind, by name."""
        music, by = self._client.music, "sort_name"

        async def listed() -> "Sequence[TheirMedia]":
            match media_type:
                case MediaType.TRACK:
                    return await music.get_library_tracks(limit=limit, offset=offset, order_by=by)
                case MediaType.ALBUM:
                    return await music.get_library_albums(limit=limit, offset=offset, order_by=by)
                case MediaType.ARTIST:
                    return await music.get_library_artists(limit=limit, offset=offset, order_by=by)
                case MediaType.PLAYLIST:
                    return await music.get_library_playlists(
                        limit=limit, offset=offset, order_by=by
                    )

        items = await self.session.ask(listed, acts=False)
        return tuple(media_item(self._client, item) for item in items)

    async def look_up(self, uri: str) -> MediaItem:
        """What an address leads to."""
        found = await self.session.ask(lambda: self._client.music.get_item_by_uri(uri), acts=False)
        if not isinstance(found, Track | Album | Artist | Playlist):
            raise NoSuchThing("no_such_media")
        return media_item(self._client, found)

    async def remove(self, player: str, item: str) -> None:
        """Take an entry out of the active queue."""
        queue = await self._queue(player)
        await self.session.ask(
            lambda: self._client.player_queues.delete_item(queue.queue_id, item), acts=True
        )

    async def move(self, player: str, item: str, places: int) -> None:
        """Earlier or later in the active queue; no places is no move (0 means "next" there)."""
        if places == 0:
            return
        queue = await self._queue(player)
        await self.session.ask(
            lambda: self._client.player_queues.move_item(queue.queue_id, item, places), acts=True
        )

    async def stop(self, player: str) -> None:
        """Stop the player's own queue."""
        await self.session.ask(lambda: self._client.player_queues.stop(player), acts=True)

    async def clear(self, player: str) -> None:
        """Empty the player's own queue."""
        await self.session.ask(lambda: self._client.player_queues.clear(player), acts=True)

    async def ungroup(self, player: str) -> None:
        """Take the player out of its sync group."""
        await self.session.ask(lambda: self._client.players.ungroup(player), acts=True)

    def with_queue(self) -> tuple[str, ...]:
        """Players that have a queue of their own."""
        queues = {queue.queue_id for queue in self._client.player_queues}
        return tuple(p.player_id for p in self._client.players if p.player_id in queues)

    def synced(self) -> tuple[str, ...]:
        """Players that follow another one."""
        return tuple(p.player_id for p in self._client.players if p.synced_to is not None)

    def volumes(self) -> dict[str, int]:
        """Volumes of single speakers that are connected and tell theirs."""
        return {
            p.player_id: p.volume_level
            for p in self._client.players
            if is_speaker(p) and p.available and not is_group(p) and p.volume_level is not None
        }

    async def _queue(self, player: str) -> "PlayerQueue":
        queue = await self._active_queue(player)
        if queue is None:
            raise NoSuchThing("no_queue")
        return queue

    async def _active_queue(self, player: str) -> "PlayerQueue | None":
        return await self.session.ask(
            lambda: self._client.player_queues.get_active_queue(player), acts=False
        )
