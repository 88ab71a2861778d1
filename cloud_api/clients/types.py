"""What do other rooms learn about a person?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class ContactKind(StrEnum):
    """A way to reach somebody."""

    EMAIL = "email"
    PHONE = "phone"
    WHATSAPP = "whatsapp"


class Sex(StrEnum):
    """As a person says it, or their document does."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


class DocumentType(StrEnum):
    """Who gave out a document: national card, foreigner's card, passport, tax number."""

    DNI = "dni"
    CEX = "cex"
    PAS = "pas"
    RUC = "ruc"


class Tier(StrEnum):
    """How well we know somebody, by their counted visits; super is for good."""

    NEW = "new"
    REGULAR = "regular"
    SUPER = "super"


class Membership(StrEnum):
    """The label a person may show."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"


class CodePurpose(StrEnum):
    """What a one-time code proves a contact for."""

    SIGN_IN = "sign_in"
    REGISTER = "register"
    PASSWORD = "password"  # noqa: S105 - a purpose, not a password
    CONTACT = "contact"


class CodeChannel(StrEnum):
    """By which way a code goes."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"

    @property
    def kind(self) -> "ContactKind":
        """As which kind of contact what it reaches is kept; a number is one by either way."""
        return _KINDS[self]


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests a signed-in person may make."""

    per_minute: int = 600
    per_day: int = 1000


@dataclass(frozen=True, slots=True)
class TierSettings:
    """Visits at which a tier begins (`super_above`: more than), and what each may ask of us."""

    regular_from: int = 4
    super_above: int = 10
    allowances: Mapping[Tier, Allowance] = field(
        default_factory=lambda: {tier: Allowance() for tier in Tier}
    )
    anonymous_per_minute: int = 60


CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5


@dataclass(frozen=True, slots=True)
class Proven:
    """A contact somebody has just proven to be theirs, and what they proved it for."""

    organisation_id: UUID
    channel: CodeChannel
    contact: str = field(repr=False)
    language: str
    client_id: UUID | None


@dataclass(frozen=True, slots=True)
class Member:
    """A client with a session of their own."""

    client_id: UUID
    organisation_id: UUID
    session_id: UUID
    tier: Tier
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class Linked:
    """Somebody's name at Facebook."""

    id: str
    name: str = field(repr=False)


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


_KINDS = {
    CodeChannel.EMAIL: ContactKind.EMAIL,
    CodeChannel.SMS: ContactKind.PHONE,
    CodeChannel.WHATSAPP: ContactKind.PHONE,
}
