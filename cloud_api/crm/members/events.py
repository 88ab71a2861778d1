"""What does the members' door tell the other rooms?"""

from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event


class CodeWanted(Event):
    """Somebody asked for a one-time code; whether there is anybody to send it to, nobody knows."""

    name: ClassVar[str] = "crm.code_wanted"

    code_id: UUID
    organisation_id: UUID
