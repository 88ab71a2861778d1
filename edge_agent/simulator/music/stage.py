"""What do the simulated players do when told, and what does the server tell of it?

Every change is published by comparing what clients were told last with what is true now, so no
command can forget its events.
"""

import asyncio
from collections.abc import Callable
from random import Random

from pydantic import JsonValue

from edge_agent.simulator.music.catalogue import Entry
from edge_agent.simulator.music.faults import Pace
from edge_agent.simulator.music.wire import Json, player_view, queue_view
from edge_agent.simulator.music.world import Player, Queue, Queued, World

type Emit = Callable[[str, str, JsonValue], None]

LOUDEST = 100


class Refused(Exception):  # noqa: N818 - an answer of the wire, not a failure of ours
    """A command the server answers with an error."""

    def __init__(self, code: int, details: str) -> None:
        super().__init__(details)
        self.code = code
        self.details = details


class Stage:
    """Moves the world and tells about it. `later` runs a function after some seconds."""

    def __init__(
        self,
        world: World,
        *,
        pace: Pace,
        random: Random,
        emit: Emit,
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self.world = world
        self.pace = pace
        self._random = random
        self._emit = emit
        self._later = later
        self._next_turn: dict[str, float] = {}
        self._told_players: dict[str, Json] = {}
        self._told_queues: dict[str, Json] = {}
        self._told_items: dict[str, list[str]] = {}
        self._remember()

    # players

    async def turn(self, player_id: str) -> None:
        """Wait for this player's next slot; with `reorder`, waiting commands overtake."""
        now = asyncio.get_running_loop().time()
        slot = max(now, self._next_turn.get(player_id, 0.0))
        self._next_turn[player_id] = slot + self.pace.throttle
        wait = slot - now
        if self.pace.reorder and wait > 0:
            wait = self._random.uniform(0, wait + self.pace.throttle)
        if wait > 0:
            await asyncio.sleep(wait)

    def reachable(self, player_id: str) -> Player | None:
        """The player, unless unknown or away: such commands are dropped in silence."""
        player = self.world.players.get(player_id)
        return player if player and player.available else None

    def set_volume(self, player: Player, level: int) -> None:
        """Change the volume; groups move their members by the same step."""
        if not 0 <= level <= LOUDEST:
            raise Refused(11, "list index out of range")
        if player.is_group:
            self._set_group_volume(player, level)
        elif player.volume is not None:
            player.volume = level
            self._tell_volume_later(player)

    def set_state(self, player_id: str, state: str) -> None:
        """Play, pause or stop a player whose queue is its own."""
        self.world.players[player_id].state = state
        self.publish()

    def join(self, player_id: str, target_id: str) -> None:
        """Let a player follow another one."""
        player, target = self.reachable(player_id), self.reachable(target_id)
        if player is None or player_id == target_id:
            return
        if target is None:
            raise Refused(10, f"Player {target_id} is not available")
        if target.synced_to:
            raise Refused(11, f"Player {target.name} is already synced to another player")
        player.synced_to = target_id
        self.publish()

    def leave(self, player_id: str) -> None:
        """Take a player out of its sync group; a leader dissolves the group."""
        player = self.reachable(player_id)
        if player is None:
            return
        player.synced_to = None
        for follower in self.world.followers(player_id):
            self.world.players[follower].synced_to = None
        self.publish()

    def set_available(self, player_id: str, *, available: bool) -> None:
        """Plug a speaker in or out."""
        player = self.world.players[player_id]
        player.available = available
        if not available:
            player.state = "idle"
        self.publish()

    def add_player(self, player: Player) -> None:
        """A speaker nobody knew before."""
        self.world.players[player.player_id] = player
        self.world.queues[player.player_id] = Queue(player.player_id)
        self.publish()

    def remove_player(self, player_id: str) -> None:
        """Forget a speaker and its queue."""
        self.leave(player_id)
        del self.world.players[player_id], self.world.queues[player_id]
        self.publish()

    # queues

    def queue_of(self, player_id: str) -> Queue | None:
        """The queue heard on this player."""
        known = player_id in self.world.players
        return self.world.queues[self.world.leader(player_id)] if known else None

    def play_index(self, queue: Queue, index: int) -> None:
        """Start an item: the queue changes at once, the speaker tells a moment later."""
        queue.index = index
        self.world.players[queue.queue_id].state = "playing"
        item_id = queue.items[index].item_id
        self.publish()
        self._later(self.pace.track_change, lambda: self._tell_item(queue, item_id))

    def clear(self, queue: Queue) -> None:
        """Empty the queue and stop its player."""
        queue.items.clear()
        queue.index = None
        player = self.world.players[queue.queue_id]
        player.state = "idle"
        player.told_item = None
        self.publish()

    def insert(self, queue: Queue, entries: list[Entry], *, at: int, drop_rest: bool) -> None:
        """Put entries into the queue; `drop_rest` forgets what followed."""
        fresh = [Queued(self.world.next_item_id(), entry) for entry in entries]
        queue.items[at:] = [*fresh, *([] if drop_rest else queue.items[at:])]
        if queue.index is None:
            queue.index = 0
        self.publish()

    def remove(self, queue: Queue, place: int) -> None:
        """Take one entry out."""
        del queue.items[place]
        self.publish()

    def move(self, queue: Queue, place: int, target: int) -> None:
        """Put one entry elsewhere."""
        queue.items.insert(target, queue.items.pop(place))
        self.publish()

    # what clients hear

    def publish(self) -> None:
        """Tell all clients what changed since the last time."""
        players, queues, items = self._told_players, self._told_queues, self._told_items
        self._remember()
        for player_id, view in self._told_players.items():
            if player_id not in players:
                self._emit("player_added", player_id, view)
            elif players[player_id] != view:
                self._emit("player_updated", player_id, view)
        for gone in players.keys() - self._told_players.keys():
            self._emit("player_removed", gone, None)
        for queue_id, queue in self._told_queues.items():
            if queues.get(queue_id) != queue:
                self._emit("queue_updated", queue_id, queue)
            if items.get(queue_id) != self._told_items[queue_id]:
                self._emit("queue_items_updated", queue_id, queue)

    def players(self) -> list[Json]:
        """All players as told to clients."""
        return [player_view(self.world, player) for player in self.world.players.values()]

    def queues(self) -> list[Json]:
        """All queues as told to clients."""
        return [queue_view(self.world, queue) for queue in self.world.queues.values()]

    def _remember(self) -> None:
        world = self.world
        self._told_players = {k: player_view(world, p) for k, p in world.players.items()}
        self._told_queues = {k: queue_view(world, q) for k, q in world.queues.items()}
        self._told_items = {k: [i.item_id for i in q.items] for k, q in world.queues.items()}

    def _set_group_volume(self, group: Player, level: int) -> None:
        members = [self.world.players[m] for m in group.group_of]
        volumes = [m.volume for m in members if m.volume is not None]
        step = level - round(sum(volumes) / len(volumes)) if volumes else 0
        for member in members:
            if member.volume is not None and member.available:
                member.volume = min(LOUDEST, max(0, member.volume + step))
                self._tell_volume_later(member)

    def _tell_volume_later(self, player: Player) -> None:
        def tell() -> None:
            player.told_volume = player.volume
            self.publish()

        self._later(self.pace.volume_event, tell)

    def _tell_item(self, queue: Queue, item_id: str) -> None:
        if queue.current and queue.current.item_id == item_id:
            self.world.players[queue.queue_id].told_item = item_id
            self.publish()
