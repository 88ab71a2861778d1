"""How do the library's objects read in our own words?"""

from typing import TYPE_CHECKING

from music_assistant_models.enums import PlaybackState as Playback
from music_assistant_models.enums import PlayerFeature, PlayerType
from music_assistant_models.media_items import Album, Artist, ItemMapping, Playlist, Track

from edge_agent.ports import MediaItem, MediaType, PlaybackState, PlayerReading, QueueItem

if TYPE_CHECKING:
    from music_assistant_client import MusicAssistantClient
    from music_assistant_models.player import Player
    from music_assistant_models.player_queue import PlayerQueue
    from music_assistant_models.queue_item import QueueItem as TheirQueueItem

type TheirMedia = Track | Album | Artist | Playlist | ItemMapping

NO_SPEAKERS = frozenset(
    {
        PlayerType.PROTOCOL,
        PlayerType.DISPLAY,
        PlayerType.VISUALIZER,
        PlayerType.LIGHT,
        PlayerType.SOURCE,
    }
)
NO_CONTROL = "none"

_STATES = {
    Playback.IDLE: PlaybackState.IDLE,
    Playback.PLAYING: PlaybackState.PLAYING,
    Playback.PAUSED: PlaybackState.PAUSED,
    Playback.UNKNOWN: PlaybackState.IDLE,
}


def is_speaker(player: "Player") -> bool:
    """Whether guests may see it at all."""
    return player.enabled and not player.private and player.type not in NO_SPEAKERS


def is_group(player: "Player") -> bool:
    """A fixed group of the house, not one made by syncing players."""
    return player.type is PlayerType.GROUP


def has_volume(player: "Player") -> bool:
    """Whether a volume command would do anything."""
    return (
        is_group(player)
        or player.volume_control != NO_CONTROL
        or PlayerFeature.VOLUME_SET in player.supported_features
    )


def player_reading(player: "Player") -> PlayerReading:
    """A player as told by a living link."""
    media = player.current_media
    volume = player.group_volume if is_group(player) else player.volume_level
    return PlayerReading(
        player=player.player_id,
        name=player.name,
        state=_STATES[player.playback_state] if player.available else PlaybackState.NOT_CONNECTED,
        volume=volume,
        muted=player.group_volume_muted if is_group(player) else player.volume_muted,
        title=media.title if media else None,
        artist=media.artist if media else None,
        image_url=media.image_url if media else None,
        group=tuple(m for m in player.group_members if m != player.player_id),
        stale=False,
    )


def media_item(client: "MusicAssistantClient", item: TheirMedia) -> MediaItem:
    """Something playable."""
    album = getattr(item, "album", None)
    metadata = getattr(item, "metadata", None)
    return MediaItem(
        uri=item.uri or "",
        name=item.name,
        media_type=MediaType(item.media_type.value),
        artist=_artists(item),
        album=album.name if album is not None else None,
        duration_seconds=getattr(item, "duration", None) or None,
        image_url=_image_url(client, item),
        explicit=metadata.explicit if metadata is not None else None,
    )


def queue_item(queue: "PlayerQueue", item: "TheirQueueItem") -> QueueItem:
    """One entry of a queue, with the bare title where the media tells it."""
    current = queue.current_item
    media = item.media_item
    return QueueItem(
        item=item.queue_item_id,
        name=media.name if media is not None else item.name,
        artist=_artists(media) if isinstance(media, Track) else None,
        duration_seconds=item.duration or None,
        current=current is not None and current.queue_item_id == item.queue_item_id,
        explicit=media.metadata.explicit if media is not None else None,
    )


def _artists(item: TheirMedia) -> str | None:
    artists = getattr(item, "artists", None)
    return ", ".join(artist.name for artist in artists) if artists else None


def _image_url(client: "MusicAssistantClient", item: TheirMedia) -> str | None:
    info = client.server_info
    if info is None or info.base_url is None:
        return None
    return client.get_media_item_image_url(item)
