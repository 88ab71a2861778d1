"""What do other rooms learn about a person?"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class ContactKind(StrEnum):
    """A way to reach somebody."""

    EMAIL = "email"
    PHONE = "phone"
    WHATSAPP = "whatsapp"


@dataclass(frozen=True, slots=True)
class Client:
    """A person of one organisation."""

    id: UUID
    organisation_id: UUID
    name: str
    language: str | None
    visits: int


class ContactLike(Protocol):
    """How somebody introduced themselves; texts as they were typed."""

    @property
    def name(self) -> str:
        """What they call themselves."""
        ...

    @property
    def email(self) -> str | None:
        """A mail address."""
        ...

    @property
    def phone(self) -> str | None:
        """A phone number in any form."""
        ...

    @property
    def language(self) -> str | None:
        """A BCP 47 tag."""
        ...
