"""Which words are there of a login at Facebook?"""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FacebookApp:
    """An organisation's application, opened for one question; never logged."""

    organisation_id: UUID
    app_id: str
    secret: str = field(repr=False)
