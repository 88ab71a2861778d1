"""Which commands does the simulated server know, and what does each do?"""

from collections.abc import Awaitable, Callable

from pydantic import JsonValue, ValidationError

from edge_agent.simulator.music import orders
from edge_agent.simulator.music.catalogue import Entry, Kind
from edge_agent.simulator.music.stage import Refused, Stage
from edge_agent.simulator.music.wire import Json, media_view, provider, queue_item_view, queue_view
from edge_agent.simulator.music.world import Queue

type Handler = Callable[[Stage, Json], Awaitable[JsonValue]]

COMMANDS: dict[str, Handler] = {}

OTHER_ERROR = 999


def _command[O: orders.Order](
    name: str, order: type[O]
) -> Callable[
    [Callable[[Stage, O], Awaitable[JsonValue]]], Callable[[Stage, O], Awaitable[JsonValue]]
]:
    def keep(
        handle: Callable[[Stage, O], Awaitable[JsonValue]],
    ) -> Callable[[Stage, O], Awaitable[JsonValue]]:
        async def run(stage: Stage, raw: Json) -> JsonValue:
            try:
                args = order.model_validate(raw)
            except ValidationError as error:
                fields = ", ".join(str(e["loc"][0]) for e in error.errors() if e["loc"])
                raise Refused(OTHER_ERROR, f"Invalid parameter: '{fields}'") from error
            return await handle(stage, args)

        COMMANDS[name] = run
        return handle

    return keep


@_command("providers", orders.Nothing)
async def _providers(_stage: Stage, _args: orders.Nothing) -> JsonValue:
    return [provider()]


@_command("providers/manifests", orders.Nothing)
async def _manifests(_stage: Stage, _args: orders.Nothing) -> JsonValue:
    return []


@_command("dashboard/dashboards", orders.Nothing)
async def _dashboards(_stage: Stage, _args: orders.Nothing) -> JsonValue:
    return []


@_command("dashboard/sessions", orders.Nothing)
async def _sessions(_stage: Stage, _args: orders.Nothing) -> JsonValue:
    return []


@_command("players/all", orders.Nothing)
async def _players(stage: Stage, _args: orders.Nothing) -> JsonValue:
    return [*stage.players()]


@_command("player_queues/all", orders.Nothing)
async def _queues(stage: Stage, _args: orders.Nothing) -> JsonValue:
    return [*stage.queues()]


@_command("players/cmd/volume_set", orders.SetVolume)
async def _volume_set(stage: Stage, args: orders.SetVolume) -> JsonValue:
    if stage.reachable(args.player_id) is None:
        return None
    await stage.turn(args.player_id)
    if player := stage.reachable(args.player_id):
        stage.set_volume(player, args.volume_level)
    return None


@_command("players/cmd/volume_mute", orders.SetMute)
async def _volume_mute(stage: Stage, args: orders.SetMute) -> JsonValue:
    player = stage.reachable(args.player_id)
    if player and player.muted is not None:
        player.muted = args.muted
        stage.publish()
    return None


@_command("players/cmd/group", orders.Join)
async def _group(stage: Stage, args: orders.Join) -> JsonValue:
    stage.join(args.player_id, args.target_player)
    return None


@_command("players/cmd/group_many", orders.JoinMany)
async def _group_many(stage: Stage, args: orders.JoinMany) -> JsonValue:
    for player_id in args.child_player_ids:
        stage.join(player_id, args.target_player)
    return None


@_command("players/cmd/ungroup", orders.OfPlayer)
async def _ungroup(stage: Stage, args: orders.OfPlayer) -> JsonValue:
    stage.leave(args.player_id)
    return None


@_command("players/cmd/ungroup_many", orders.LeaveMany)
async def _ungroup_many(stage: Stage, args: orders.LeaveMany) -> JsonValue:
    for player_id in args.player_ids:
        stage.leave(player_id)
    return None


@_command("player_queues/get_active_queue", orders.OfPlayer)
async def _active_queue(stage: Stage, args: orders.OfPlayer) -> JsonValue:
    queue = stage.queue_of(args.player_id)
    return queue_view(stage.world, queue) if queue else None


@_command("player_queues/items", orders.QueueItems)
async def _items(stage: Stage, args: orders.QueueItems) -> JsonValue:
    queue = stage.world.queues.get(args.queue_id)
    if queue is None:
        return []
    views = [queue_item_view(queue.queue_id, q, i) for i, q in enumerate(queue.items)]
    return [*views[args.offset : args.offset + args.limit]]


@_command("player_queues/play", orders.OfQueue)
async def _play(stage: Stage, args: orders.OfQueue) -> JsonValue:
    queue = _playing_queue(stage, args.queue_id)
    if stage.world.players[args.queue_id].state == "paused":
        stage.set_state(args.queue_id, "playing")
    elif not queue.items:
        raise Refused(8, f"Resume queue requested but queue {args.queue_id} is empty")
    else:
        stage.play_index(queue, queue.index or 0)
    return None


@_command("player_queues/pause", orders.OfQueue)
async def _pause(stage: Stage, args: orders.OfQueue) -> JsonValue:
    player = stage.reachable(args.queue_id)
    if player and player.state == "playing":
        stage.set_state(args.queue_id, "paused")
    return None


@_command("player_queues/stop", orders.OfQueue)
async def _stop(stage: Stage, args: orders.OfQueue) -> JsonValue:
    _known_queue(stage, args.queue_id)
    if stage.reachable(args.queue_id):
        stage.set_state(args.queue_id, "idle")
    return None


@_command("player_queues/clear", orders.OfQueue)
async def _clear(stage: Stage, args: orders.OfQueue) -> JsonValue:
    stage.clear(_known_queue(stage, args.queue_id))
    return None


@_command("player_queues/next", orders.OfQueue)
async def _next(stage: Stage, args: orders.OfQueue) -> JsonValue:
    queue = stage.world.queues.get(args.queue_id)
    if queue and queue.index is not None and queue.index + 1 < len(queue.items):
        stage.play_index(queue, queue.index + 1)
    return None


@_command("player_queues/previous", orders.OfQueue)
async def _previous(stage: Stage, args: orders.OfQueue) -> JsonValue:
    queue = stage.world.queues.get(args.queue_id)
    if queue and queue.index is not None:
        stage.play_index(queue, max(queue.index - 1, 0))
    return None


@_command("player_queues/play_media", orders.PlayMedia)
async def _play_media(stage: Stage, args: orders.PlayMedia) -> JsonValue:
    queue = _playing_queue(stage, args.queue_id)
    option = args.option or "play"
    if option == "replace":
        stage.clear(queue)  # before it is known whether the media exists, as the real one does
    uris = [args.media] if isinstance(args.media, str) else args.media
    entries = [entry for uri in uris for entry in stage.world.catalogue.playable(uri)]
    if not entries:
        raise Refused(2, "No playable items found")
    _load(stage, queue, entries, option)
    return None


@_command("player_queues/delete_item", orders.DeleteItem)
async def _delete_item(stage: Stage, args: orders.DeleteItem) -> JsonValue:
    queue = _known_queue(stage, args.queue_id)
    place = _place(queue, args.item_id_or_index)
    if queue.index is not None and place <= queue.index:
        return None  # what plays or has played stays, without a word
    stage.remove(queue, place)
    return None


@_command("player_queues/move_item", orders.MoveItem)
async def _move_item(stage: Stage, args: orders.MoveItem) -> JsonValue:
    queue = _known_queue(stage, args.queue_id)
    place, first = _place(queue, args.queue_item_id), (queue.index or 0) + 1
    if place < first:
        raise Refused(OTHER_ERROR, f"{place} is already played/buffered")
    wanted = first if args.pos_shift == 0 else place + args.pos_shift
    stage.move(queue, place, max(first, min(wanted, len(queue.items) - 1)))
    return None


def _place(queue: Queue, item: str | int) -> int:
    if isinstance(item, int):
        return item
    places = [place for place, each in enumerate(queue.items) if each.item_id == item]
    if not places:
        raise Refused(OTHER_ERROR, f"Item {item} not in queue")
    return places[0]


@_command("music/item_by_uri", orders.ByUri)
async def _item_by_uri(stage: Stage, args: orders.ByUri) -> JsonValue:
    entry = stage.world.catalogue.entries.get(args.uri)
    if entry is None:
        raise Refused(2, f"{args.uri} not found")
    return media_view(entry)


@_command("music/search", orders.Search)
async def _search(stage: Stage, args: orders.Search) -> JsonValue:
    found: Json = {}
    for media_type in args.media_types:
        entries = stage.world.catalogue.search(args.search_query, Kind(media_type), args.limit)
        found[f"{media_type}s"] = [media_view(entry) for entry in entries]
    return found


@_command("music/tracks/library_items", orders.LibraryTracks)
async def _library_tracks(stage: Stage, args: orders.LibraryTracks) -> JsonValue:
    return _shelf(stage, Kind.TRACK, args)


@_command("music/albums/library_items", orders.LibraryAlbums)
async def _library_albums(stage: Stage, args: orders.LibraryAlbums) -> JsonValue:
    return _shelf(stage, Kind.ALBUM, args)


@_command("music/artists/library_items", orders.LibraryArtists)
async def _library_artists(stage: Stage, args: orders.LibraryArtists) -> JsonValue:
    return _shelf(stage, Kind.ARTIST, args)


@_command("music/playlists/library_items", orders.LibraryTracks)
async def _library_playlists(stage: Stage, args: orders.LibraryTracks) -> JsonValue:
    return _shelf(stage, Kind.PLAYLIST, args)


def _shelf(stage: Stage, kind: Kind, args: orders.LibraryTracks) -> JsonValue:
    entries = stage.world.catalogue.of(kind)
    if args.search:
        entries = stage.world.catalogue.search(args.search, kind, len(entries))
    start = args.offset or 0
    end = None if args.limit is None else start + args.limit
    return [media_view(entry) for entry in entries[start:end]]


def _load(stage: Stage, queue: Queue, entries: list[Entry], option: str) -> None:
    after = 0 if queue.index is None else queue.index + 1
    if option == "add":
        stage.insert(queue, entries, at=len(queue.items), drop_rest=False)
    else:
        stage.insert(queue, entries, at=after, drop_rest=option == "replace_next")
    if option in {"play", "replace"}:
        stage.play_index(queue, after)


def _known_queue(stage: Stage, queue_id: str) -> Queue:
    queue = stage.world.queues.get(queue_id)
    if queue is None:
        raise Refused(OTHER_ERROR, f"'{queue_id}'")
    return queue


def _playing_queue(stage: Stage, queue_id: str) -> Queue:
    if stage.reachable(queue_id) is None:
        raise Refused(10, f"Player {queue_id} is not available")
    return _known_queue(stage, queue_id)
