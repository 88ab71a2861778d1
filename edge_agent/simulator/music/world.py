"""Which players and queues does the simulated server have, and in which state?"""

from dataclasses import dataclass, field

from edge_agent.simulator.music.catalogue import Catalogue, Entry, small_catalogue


@dataclass(slots=True)
class Player:
    """A speaker, or a fixed group of speakers.

    `volume` is what the speaker does; `told_volume` what the server tells of it, a moment later.
    `told_item` is the queue item the speaker reports, `members` are followers or group members.
    """

    player_id: str
    name: str
    volume: int | None = 30
    group_of: tuple[str, ...] = ()
    kind: str = "player"
    available: bool = True
    hidden: bool = False
    muted: bool | None = False
    state: str = "idle"
    synced_to: str | None = None
    told_volume: int | None = None
    told_item: str | None = None

    def __post_init__(self) -> None:
        """The server starts out knowing the volume."""
        self.told_volume = self.volume

    @property
    def is_group(self) -> bool:
        """A fixed group has members of its own."""
        return bool(self.group_of)


@dataclass(frozen=True, slots=True)
class Queued:
    """One entry of a queue."""

    item_id: str
    entry: Entry


@dataclass(slots=True)
class Queue:
    """What a player will play; `index` is the item playing or ready."""

    queue_id: str
    items: list[Queued] = field(default_factory=list)
    index: int | None = None

    @property
    def current(self) -> Queued | None:
        """The item at the index."""
        return None if self.index is None else self.items[self.index]


@dataclass(slots=True)
class World:
    """Everything that outlives a connection and a restart."""

    players: dict[str, Player]
    catalogue: Catalogue
    queues: dict[str, Queue] = field(default_factory=dict)
    items_made: int = 0

    def __post_init__(self) -> None:
        """Each player has a queue of its own."""
        for player_id in self.players:
            self.queues.setdefault(player_id, Queue(player_id))

    def next_item_id(self) -> str:
        """A fresh id of a queue item."""
        self.items_made += 1
        return f"item{self.items_made:06d}"

    def followers(self, player_id: str) -> list[str]:
        """Players synced to this one."""
        return [p.player_id for p in self.players.values() if p.synced_to == player_id]

    def active_group(self, player_id: str) -> str | None:
        """The fixed group that plays through this player just now."""
        for player in self.players.values():
            if player_id in player.group_of and player.state != "idle":
                return player.player_id
        return None

    def leader(self, player_id: str) -> str:
        """The player whose queue is heard on this one."""
        player = self.players[player_id]
        return player.synced_to or self.active_group(player_id) or player_id


def small_house() -> World:
    """Three speakers, a fixed group of two of them, and a display that is no speaker."""
    players = [
        Player("living_room", "Living room", volume=35),
        Player("kitchen", "Kitchen", volume=30),
        Player("terrace", "Terrace", volume=20),
        Player(
            "downstairs",
            "Downstairs",
            volume=None,
            kind="group",
            group_of=("living_room", "kitchen"),
        ),
        Player("hall_display", "Hall display", volume=None, kind="display"),
    ]
    return World({p.player_id: p for p in players}, small_catalogue())
