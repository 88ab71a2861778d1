"""How do players and media read for people?"""

from collections.abc import Container, Iterable

from edge_agent.doorkeeper import PlayerRights
from edge_agent.ports import MediaItem, PlayerReading, QueueItem
from protocol.music import MediaView, PlayerView


def player_view(rights: PlayerRights, reading: PlayerReading | None, *, ceiling: int) -> PlayerView:
    """A player of the house; `not_connected` where nothing is known of it."""
    if reading is None:
        return PlayerView(
            player=rights.player, name=rights.name, state="not_connected", ceiling=ceiling
        )
    return PlayerView(
        player=rights.player,
        name=rights.name,
        state=reading.state.value,
        volume=reading.volume,
        ceiling=ceiling,
        muted=reading.muted,
        title=reading.title,
        artist=reading.artist,
        image_url=reading.image_url,
    )


def entry_views(entries: Iterable[QueueItem], *, yours: Container[str]) -> tuple[MediaView, ...]:
    """A queue; `yours`: the entries that the asker put there."""
    return tuple(
        MediaView(
            uri=each.item,
            name=each.name,
            media_type="track",
            artist=each.artist,
            duration_seconds=each.duration_seconds,
            current=each.current,
            explicit=each.explicit,
            yours=each.item in yours,
        )
        for each in entries
    )


def media_views(items: Iterable[MediaItem], *, explicit: bool) -> tuple[MediaView, ...]:
    """What was found; without what is marked explicit where that is not wanted."""
    return tuple(
        MediaView(
            uri=each.uri,
            name=each.name,
            media_type=each.media_type.value,
            artist=each.artist,
            album=each.album,
            duration_seconds=each.duration_seconds,
            image_url=each.image_url,
            explicit=each.explicit,
        )
        for each in items
        if explicit or not each.explicit
    )
