"""Which words does this room use?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloud_api.kit.db import JsonObject

# What the engine calls a reaction's queue; the rest is the reaction's name.
REACTION_PREFIX = "reaction:"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A reaction to an event that was given up; `error` says why, without anybody's secrets."""

    id: int
    reaction: str
    event_id: int
    event_name: str
    organisation_id: UUID | None
    occurred_at: datetime
    failed_at: datetime
    tries: int
    error: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class Told:
    """What a reaction is told: the event, whether it was done before, how often it was begun."""

    payload: JsonObject
    fresh: bool
    starts: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """A fresh event that was taken; `done`: its reaction had an effect before; `more` wait."""

    event_id: int
    event_name: str
    payload: JsonObject
    done: bool
    more: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the workers are, by the database's clock."""

    alive: int
    undispatched_seconds: float
    dead_letters: int
    failing_jobs: tuple[str, ...]
