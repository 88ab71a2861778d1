"""What does a music server look like from behind the ports? Players with a state of their own."""

from dataclasses import dataclass, field, replace

from edge_agent.errors import DeviceUnreachable, NoSuchThing
from edge_agent.ports import (
    MediaItem,
    MediaType,
    PlaybackState,
    PlayerReading,
    QueueItem,
    QueueOption,
    Transport,
)

_STATES = {
    Transport.PLAY: PlaybackState.PLAYING,
    Transport.PAUSE: PlaybackState.PAUSED,
    Transport.STOP: PlaybackState.IDLE,
}


def a_player(name: str, *, volume: int = 30) -> PlayerReading:
    return PlayerReading(
        player=name,
        name=name,
        state=PlaybackState.IDLE,
        volume=volume,
        muted=False,
        title=None,
        artist=None,
        image_url=None,
        group=(),
        stale=False,
    )


@dataclass
class SpeakersHere:
    """Speakers, MediaLibrary, PlayQueue and HandBack in this process; `away` cuts them off."""

    readings: dict[str, PlayerReading] = field(default_factory=dict)
    queued: dict[str, list[str]] = field(default_factory=dict)
    handed_back: list[dict[str, int]] = field(default_factory=list)
    away: bool = False

    async def players(self) -> tuple[PlayerReading, ...]:
        self._reachable()
        return tuple(self.readings.values())

    async def transport(self, player: str, command: Transport) -> None:
        reading = self._get(player)
        self.readings[player] = replace(reading, state=_STATES.get(command, reading.state))

    async def set_volume(self, player: str, percent: int) -> None:
        self.readings[player] = replace(self._get(player), volume=percent)

    async def search(
        self, query: str, *, types: tuple[MediaType, ...], limit: int
    ) -> tuple[MediaItem, ...]:
        self._reachable()
        return tuple(_item(f"{query} {each.value}", each) for each in types)[:limit]

    async def tracks(self, *, limit: int, offset: int) -> tuple[MediaItem, ...]:
        self._reachable()
        return tuple(
            _item(f"song {number}", MediaType.TRACK) for number in range(offset, offset + limit)
        )

    async def shelf(
        self, media_type: MediaType, *, limit: int, offset: int
    ) -> tuple[MediaItem, ...]:
        if media_type is MediaType.TRACK:
            return await self.tracks(limit=limit, offset=offset)
        return (_item(f"some {media_type.value}", media_type),)

    async def look_up(self, uri: str) -> MediaItem:
        self._reachable()
        return _item(uri.rsplit("/", 1)[-1], MediaType.TRACK)

    async def items(self, player: str, *, limit: int) -> tuple[QueueItem, ...]:
        self._get(player)
        queue = self.queued.get(player, [])[:limit]
        return tuple(
            QueueItem(item=uri, name=uri, artist=None, duration_seconds=None, current=position == 0)
            for position, uri in enumerate(queue)
        )

    async def enqueue(self, player: str, uri: str, option: QueueOption) -> None:
        self._get(player)
        if option is QueueOption.REPLACE:
            self.queued[player] = []
        self.queued.setdefault(player, []).append(uri)

    async def snapshot_volumes(self) -> dict[str, int]:
        self._reachable()
        return {
            name: each.volume for name, each in self.readings.items() if each.volume is not None
        }

    async def hand_back(self, volumes: dict[str, int]) -> None:
        self._reachable()
        self.handed_back.append(dict(volumes))
        for player, volume in volumes.items():
            self.queued[player] = []
            self.readings[player] = replace(
                self.readings[player], state=PlaybackState.IDLE, volume=volume
            )

    def _get(self, player: str) -> PlayerReading:
        self._reachable()
        if player not in self.readings:
            raise NoSuchThing("no_such_player")
        return self.readings[player]

    def _reachable(self) -> None:
        if self.away:
            raise DeviceUnreachable("music_unreachable")


def _item(name: str, media_type: MediaType) -> MediaItem:
    return MediaItem(
        uri=f"library://{media_type.value}/{name.replace(' ', '-')}",
        name=name,
        media_type=media_type,
        artist="Someone",
        album=None,
        duration_seconds=180,
        image_url=None,
        explicit=False,
    )
