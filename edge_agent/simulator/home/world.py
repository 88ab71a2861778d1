"""Which entities does the simulated server have, and what do the things behind them do?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

type Json = dict[str, JsonValue]

UNAVAILABLE = "unavailable"

PAUSE, VOLUME_SET, VOLUME_MUTE, PREVIOUS, NEXT = 1, 4, 8, 16, 32
PLAY_MEDIA, STOP, CLEAR, PLAY = 512, 4096, 8192, 16384
BROWSE, GROUPING, ENQUEUE, SEARCH = 131072, 524288, 2097152, 4194304

LOCK_OPENS = 1

TURN_OFF, TURN_ON = 128, 256
"""Of a climate."""

EVERYTHING = (
    PAUSE
    | VOLUME_SET
    | VOLUME_MUTE
    | PREVIOUS
    | NEXT
    | PLAY_MEDIA
    | STOP
    | CLEAR
    | PLAY
    | BROWSE
    | GROUPING
    | ENQUEUE
    | SEARCH
)


@dataclass(slots=True)
class Entity:
    """One entity as the server tells it. `online` False: told as unavailable, and not driven."""

    entity_id: str
    state: str
    attributes: Json
    changed: datetime
    online: bool = True

    @property
    def domain(self) -> str:
        """What is before the dot."""
        return self.entity_id.split(".", 1)[0]

    @property
    def features(self) -> int:
        """What it says it can do."""
        bits = self.attributes.get("supported_features", 0)
        return bits if isinstance(bits, int) else 0


@dataclass(slots=True)
class Bolt:
    """The thing behind a lock entity: `moved` is its own record, believed by tests."""

    stuck: bool = False
    moved: list[str] = field(default_factory=list)
    code: str | None = None


@dataclass(slots=True)
class Queue:
    """What a media player will play: addresses, and which is current."""

    items: list[str] = field(default_factory=list)
    index: int = 0


@dataclass(slots=True)
class World:
    """Everything that outlives a connection and a restart of the server."""

    now: Callable[[], datetime]
    entities: dict[str, Entity] = field(default_factory=dict)
    bolts: dict[str, Bolt] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)

    def add(self, entity_id: str, state: str, name: str, **attributes: JsonValue) -> Entity:
        """One more entity, with the thing behind it."""
        told: Json = {"friendly_name": name, **attributes}
        entity = self.entities[entity_id] = Entity(entity_id, state, told, self.now())
        if entity.domain == "lock":
            self.bolts[entity_id] = Bolt()
        if entity.domain == "media_player":
            self.queues[entity_id] = Queue()
        return entity


def small_house(now: Callable[[], datetime]) -> World:
    """Two locks, three players of different ability, and what a pool needs."""
    world = World(now)
    world.add("lock.front_door", "locked", "Front door", supported_features=0, battery_level=84)
    world.add("lock.garden_gate", "locked", "Garden gate", supported_features=LOCK_OPENS)
    world.add("sensor.garden_gate_battery", "61", "Garden gate battery", unit_of_measurement="%")
    for name, volume in (("Living room", 0.35), ("Kitchen", 0.3)):
        world.add(
            f"media_player.{name.lower().replace(' ', '_')}",
            "idle",
            name,
            supported_features=EVERYTHING,
            volume_level=volume,
            is_volume_muted=False,
            group_members=[],
        )
    world.add("media_player.old_radio", "playing", "Old radio", supported_features=PLAY | PAUSE)
    world.add("switch.pool_heating", "off", "Pool heating")
    world.add(
        "climate.living_room",
        "heat",
        "Living room climate",
        supported_features=TURN_OFF | TURN_ON | 1,
        current_temperature=21.5,
        temperature=22.0,
        min_temp=7.0,
        max_temp=28.0,
    )
    world.add("light.terrace", "off", "Terrace")
    return world
