"""What has happened in contests?"""

from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event


class ContestEvent(Event):
    """What every event of a registration carries."""

    name: ClassVar[str] = "crm.contest_event"

    organisation_id: UUID
    contest_id: UUID
    client_id: UUID
    title: str


class EntryDecided(ContestEvent):
    """Staff approved or rejected the evidence."""

    name = "crm.registration_decided"

    approved: bool


class WinnerAnnounced(ContestEvent):
    """Told once, on the day the winners are announced."""

    name = "crm.winner_announced"

    prize: str
