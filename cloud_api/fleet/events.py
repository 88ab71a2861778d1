"""What does fleet tell the other rooms?"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import JsonValue

from cloud_api.kit.events import Event


class HouseDirtied(Event):
    """What a house should hold has changed; it needs a new snapshot."""

    name: ClassVar[str] = "fleet.house_dirtied"
    house_id: UUID
    organisation_id: UUID


class SnapshotDelivered(Event):
    """The house proved with its signature that it holds this version."""

    name: ClassVar[str] = "fleet.snapshot_delivered"
    house_id: UUID
    organisation_id: UUID
    epoch: int
    version: int


class SnapshotRefused(Event):
    """The house refused what it was offered; `reason` is a stable word."""

    name: ClassVar[str] = "fleet.snapshot_refused"
    house_id: UUID
    organisation_id: UUID
    reason: str


class SnapshotTooLarge(Event):
    """No snapshot could be built: a person must act."""

    name: ClassVar[str] = "fleet.snapshot_too_large"
    house_id: UUID
    organisation_id: UUID
    size_bytes: int


class HouseFrozen(Event):
    """The house holds what the cloud never issued (a restored backup?); publishing stopped."""

    name: ClassVar[str] = "fleet.house_frozen"
    house_id: UUID
    organisation_id: UUID
    reason: str


class HouseEnrolled(Event):
    """A device claimed the house."""

    name: ClassVar[str] = "fleet.house_enrolled"
    house_id: UUID
    organisation_id: UUID


class HouseFactReceived(Event):
    """A new fact, in order. `body` is the fact's body; `kind` its `protocol.facts` kind.

    `chain` counts the house's devices: a replaced device starts again at sequence 1.
    `understood` false: a newer house sent a body this code does not know. `asker`: the name in a
    companion's request, which the house sealed for the cloud.
    """

    name: ClassVar[str] = "fleet.house_fact_received"
    house_id: UUID
    organisation_id: UUID
    chain: int
    sequence: int
    kind: str
    at_earliest: datetime
    at_latest: datetime | None
    understood: bool = True
    body: dict[str, JsonValue]
    asker: str | None = None


class FactsForked(Event):
    """The house's facts do not continue what it sent before: lost, altered or restored."""

    name: ClassVar[str] = "fleet.facts_forked"
    house_id: UUID
    organisation_id: UUID
    sequence: int
    reason: str


class HouseDoubled(Event):
    """Two devices speak as one house, as from a copied card. `device`: the life that is its own.

    `other`: the one that is not; nothing is sent to it. Claim the house anew to put an end to it.
    """

    name: ClassVar[str] = "fleet.house_doubled"
    house_id: UUID
    organisation_id: UUID
    device: str
    other: str


class DoorCommandEnded(Event):
    """A live command reached its end, or its honest `unknown`."""

    name: ClassVar[str] = "fleet.door_command_ended"
    house_id: UUID
    organisation_id: UUID
    command_id: UUID
    grant_id: UUID
    lock_id: UUID
    outcome: str
    reason: str | None
