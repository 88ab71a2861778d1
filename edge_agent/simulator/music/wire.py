"""How do players, queues and media look in the server's JSON?

Written from the field names the protocol needs, not with the client library's own models, so
that a mistake there is not mirrored here.
"""

from pydantic import JsonValue

from edge_agent.simulator.music.catalogue import Entry, Kind
from edge_agent.simulator.music.world import Player, Queue, Queued, World

type Json = dict[str, JsonValue]

PROVIDER = "simulated_speakers"


def hello(*, schema: int, oldest_client: int, server_id: str, base_url: str) -> Json:
    """The first frame of each connection."""
    return {
        "server_id": server_id,
        "server_version": "2.7.0",
        "schema_version": schema,
        "min_supported_schema_version": oldest_client,
        "base_url": base_url,
        "homeassistant_addon": False,
        "onboard_done": True,
        "name": "Simulated Music Assistant",
        "status": "running",
    }


def provider() -> Json:
    """The one provider instance of the simulated server."""
    return {
        "type": "music",
        "domain": "library",
        "name": "Library",
        "instance_id": "library",
        "lookup_key": "library",
        "supported_features": ["search", "library_tracks"],
        "available": True,
        "is_streaming_provider": False,
    }


def player_view(world: World, player: Player) -> Json:
    """A player as told to clients."""
    leader = world.players[world.leader(player.player_id)]
    members = [*player.group_of] if player.is_group else _sync_members(world, player)
    volumes = [v for m in player.group_of if (v := world.players[m].told_volume) is not None]
    media = _current_media(world, leader)
    return {
        "player_id": player.player_id,
        "provider": PROVIDER,
        "type": player.kind,
        "name": player.name,
        "display_name": player.name,
        "available": player.available,
        "device_info": {"model": "Simulated", "manufacturer": "Portero"},
        "supported_features": _features(player),
        "playback_state": leader.state if player.available else "idle",
        "state": leader.state if player.available else "idle",
        "powered": True,
        "volume_level": player.told_volume,
        "volume_muted": player.muted,
        "group_members": [*members],
        "group_childs": [*members],
        "static_group_members": [*player.group_of],
        "synced_to": player.synced_to,
        "active_group": world.active_group(player.player_id),
        "active_source": leader.player_id,
        "current_media": media,
        "enabled": True,
        "hide_in_ui": player.hidden,
        "group_volume": round(sum(volumes) / len(volumes)) if volumes else player.told_volume,
        "volume_control": "none" if not _has_volume(player) else "native",
        "power_control": "none",
        "mute_control": "none" if player.muted is None else "native",
    }


def queue_view(world: World, queue: Queue) -> Json:
    """A queue as told to clients, without its items."""
    player = world.players[queue.queue_id]
    current = queue.current
    following = queue.items[queue.index + 1 :] if queue.index is not None else []
    return {
        "queue_id": queue.queue_id,
        "active": queue.index is not None,
        "display_name": player.name,
        "available": player.available,
        "items": len(queue.items),
        "shuffle_enabled": False,
        "repeat_mode": "off",
        "current_index": queue.index,
        "index_in_buffer": queue.index,
        "elapsed_time": 0,
        "elapsed_time_last_updated": 0,
        "state": player.state,
        "current_item": queue_item_view(queue.queue_id, current, 0) if current else None,
        "next_item": queue_item_view(queue.queue_id, following[0], 0) if following else None,
    }


def queue_item_view(queue_id: str, queued: Queued, index: int) -> Json:
    """One entry of a queue."""
    entry = queued.entry
    return {
        "queue_id": queue_id,
        "queue_item_id": queued.item_id,
        "name": f"{entry.artist} - {entry.name}" if entry.artist else entry.name,
        "duration": entry.duration_seconds or None,
        "sort_index": index,
        "index": index,
        "media_item": media_view(entry),
        "image": _image(entry),
        "available": True,
    }


def media_view(entry: Entry) -> Json:
    """A whole media item."""
    image = _image(entry)
    view: Json = {
        **_mapping(entry.kind, entry.item_id, entry.name, provider_name=entry.provider),
        "uri": entry.uri,
        "provider_mappings": [
            {
                "item_id": entry.item_id,
                "provider_domain": entry.provider,
                "provider_instance": entry.provider,
                "available": True,
            }
        ],
        "metadata": {"explicit": entry.explicit, "images": [image] if image else None},
        "favorite": False,
    }
    if entry.kind in {Kind.TRACK, Kind.ALBUM}:
        view["artists"] = (
            [_mapping(Kind.ARTIST, entry.artist, entry.artist)] if entry.artist else []
        )
    if entry.kind is Kind.TRACK:
        view["duration"] = entry.duration_seconds
        view["album"] = _mapping(Kind.ALBUM, entry.album, entry.album) if entry.album else None
    if entry.kind is Kind.PLAYLIST:
        view |= {"owner": "", "is_editable": False}
    return view


def _mapping(
    kind: Kind, item_id: str | None, name: str | None, provider_name: str = "library"
) -> Json:
    return {
        "item_id": item_id or "",
        "provider": provider_name,
        "name": name or "",
        "version": "",
        "media_type": kind.value,
        "external_ids": [],
        "is_playable": True,
    }


def _image(entry: Entry) -> Json | None:
    if entry.image_path is None:
        return None
    return {
        "type": "thumb",
        "path": entry.image_path,
        "provider": entry.provider,
        "remotely_accessible": False,
    }


def _current_media(world: World, leader: Player) -> Json | None:
    told = leader.told_item
    queue = world.queues[leader.player_id]
    queued = next((q for q in queue.items if q.item_id == told), None)
    if queued is None:
        return None
    return {
        "uri": queued.entry.uri,
        "media_type": "track",
        "title": queued.entry.name,
        "artist": queued.entry.artist,
        "album": queued.entry.album,
        "duration": queued.entry.duration_seconds or None,
        "source_id": queue.queue_id,
        "queue_item_id": queued.item_id,
    }


def _sync_members(world: World, player: Player) -> list[str]:
    followers = world.followers(player.player_id)
    return [player.player_id, *followers] if followers else []


def _has_volume(player: Player) -> bool:
    return player.volume is not None or player.is_group


def _features(player: Player) -> list[JsonValue]:
    features: list[JsonValue] = ["pause", "enqueue", "set_members"]
    if _has_volume(player):
        features.append("volume_set")
    return features
