"""What do letters tell: themselves, that they are due?"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event


class LetterDue(Event):
    """A letter shall be written; what it says is read afresh when it is.

    `amount_minor` of `currency` is what was paid just now, `method` how; `moved_from` the name of
    where the guest would have stayed.
    """

    name: ClassVar[str] = "papers.letter_due"

    reservation_id: UUID
    organisation_id: UUID
    letter: str
    fact: str
    called_at: datetime
    useful_until: datetime | None = None
    amount_minor: int | None = None
    currency: str | None = None
    method: str | None = None
    moved_from: str | None = None
