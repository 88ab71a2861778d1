"""What does demand tell the other rooms?"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event
from cloud_api.kit.money import Money


class DemandAlert(Event):
    """An event that will fill the town was found; told once for each event.

    `in_short_list`: among the first of its day, short enough for a text message.
    """

    name: ClassVar[str] = "pricing.demand_alert"
    organisation_id: UUID
    suggestion_id: UUID
    property_ids: list[UUID]
    title: str
    venue: str
    day: date
    score: int
    level: str
    sold_out: bool
    suggested: Money
    url: str
    in_short_list: bool
