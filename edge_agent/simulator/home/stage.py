"""How do the simulated things change, and who is told?"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from pydantic import JsonValue

from edge_agent.simulator.home.faults import Faults, Pace
from edge_agent.simulator.home.world import UNAVAILABLE, Entity, Json, World


class Later(Protocol):
    """Do something after a while, unless the server is gone for good."""

    def __call__(self, seconds: float, act: Callable[[], None]) -> None:
        """At once when `seconds` is 0."""


class Refused(Exception):  # noqa: N818 - an answer, not a failure of ours
    """The server says no."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Stage:
    """The world, with everybody told of what changes in it."""

    def __init__(
        self, world: World, *, pace: Pace, emit: Callable[[Json], None], later: Later
    ) -> None:
        self.world = world
        self.pace = pace
        self.faults = Faults()
        self._emit = emit
        self._later = later

    def states(self) -> list[Json]:
        """All entities."""
        return [self.view(each) for each in self.world.entities.values()]

    def view(self, entity: Entity) -> Json:
        """One entity as JSON."""
        moment = entity.changed.isoformat()
        return {
            "entity_id": entity.entity_id,
            "state": entity.state if entity.online else UNAVAILABLE,
            "attributes": dict(entity.attributes) if entity.online else {},
            "last_changed": moment,
            "last_reported": moment,
            "last_updated": moment,
            "context": {"id": "01SIMULATED", "parent_id": None, "user_id": None},
        }

    def reachable(self, entity_ids: list[str], domain: str) -> list[Entity]:
        """The named ones that exist and are there; the others are passed over in silence."""
        found = (self.world.entities.get(each) for each in entity_ids)
        return [each for each in found if each and each.online and each.domain == domain]

    def change(self, entity: Entity, state: str | None = None, **attributes: JsonValue) -> None:
        """Change one, and tell; nothing is told when nothing is different."""
        old = self.view(entity)
        if state is not None and state != entity.state:
            entity.state = state
            entity.changed = self.world.now()
        entity.attributes.update(attributes)
        self._tell(entity, old)

    def set_online(self, entity_id: str, *, online: bool) -> None:
        """Lose or find the thing behind an entity."""
        entity = self.world.entities[entity_id]
        old = self.view(entity)
        entity.online = online
        entity.changed = self.world.now()
        self._tell(entity, old)

    async def move(self, entity: Entity, service: str) -> None:
        """Let the motor run; returns when the service would answer."""
        bolt = self.world.bolts[entity.entity_id]
        ended = asyncio.Event()

        def end() -> None:
            state = "jammed" if bolt.stuck else _AFTER[service]
            if not bolt.stuck:
                bolt.moved.append(service)
            self._later(self.pace.tell, lambda: self.change(entity, state))
            ended.set()

        if self.faults.deaf_bolts:
            return
        self.change(entity, _DURING[service])
        self._later(self.pace.motor, end)
        if not self.pace.result_first:
            await ended.wait()

    def _tell(self, entity: Entity, old: Json) -> None:
        new = self.view(entity)
        if new != old:
            data: Json = {"entity_id": entity.entity_id, "old_state": old, "new_state": new}
            self._emit(data)


_DURING = {"lock": "locking", "unlock": "unlocking", "open": "opening"}
_AFTER = {"lock": "locked", "unlock": "unlocked", "open": "open"}
