"""What do people look like from outside?"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool

from cloud_api.clients.rules import good_password
from cloud_api.clients.types import ContactKind, DocumentType, Membership, Sex, Tier
from cloud_api.kit.days import Day
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, Paragraph

type Language = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["es"])
]


def _good(password: SecretStr) -> SecretStr:
    if not good_password(password.get_secret_value()):
        raise ValueError("at least 8 characters, among them a letter and a digit")
    return password


type NewPassword = Annotated[SecretStr, Field(min_length=8, max_length=200), AfterValidator(_good)]
"""Of a client: at least 8 characters, among them a letter and a digit."""


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ContactPointIn(_In):
    """A mail address, or a phone number in any form its country knows."""

    kind: ContactKind
    value: Line


class ContactPointOut(BaseModel):
    """A way to reach somebody; phone numbers in E.164."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: ContactKind
    value: str
    hearsay: Annotated[
        bool, Field(description="a booking named it beside a known contact; nobody proved it")
    ]


class ClientIn(_In):
    """A new person."""

    name: Line
    language: Language | None = None
    notes: Paragraph = ""
    birth_date: Day | None = None
    sex: Sex | None = None
    contacts: Annotated[list[ContactPointIn], Field(max_length=20)] = []


class ClientPatch(Patch):
    """What changes; `language`, `birth_date` and `sex` may be null."""

    clearable = frozenset({"language", "birth_date", "sex"})

    name: Line | None = None
    language: Language | None = None
    notes: Paragraph | None = None
    birth_date: Day | None = None
    sex: Sex | None = None
    archived: StrictBool | None = None


class ClientOut(BaseModel):
    """A person."""

    id: UUID
    name: str
    language: str | None
    notes: str
    birth_date: date | None
    sex: Sex | None
    document_type: DocumentType | None
    visits: int
    tier: Tier
    membership: Membership
    created_at: datetime
    archived_at: datetime | None
    contacts: list[ContactPointOut]


class DocumentIO(_In):
    """An identity document; its number is kept locked."""

    type: DocumentType
    number: Annotated[Line, Field(max_length=40)]


class LookupOut(BaseModel):
    """Who has this number; two people where one has it as a phone and one on WhatsApp."""

    phone: Annotated[str, Field(description="as it was understood, in E.164")]
    clients: list[ClientOut]
