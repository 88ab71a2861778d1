"""What do people look like from outside?"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from cloud_api.clients.types import ContactKind
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, Paragraph

type Language = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["es"])
]


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


class ClientIn(_In):
    """A new person."""

    name: Line
    language: Language | None = None
    notes: Paragraph = ""
    contacts: Annotated[list[ContactPointIn], Field(max_length=20)] = []


class ClientPatch(Patch):
    """What changes; only `language` may be null."""

    clearable = frozenset({"language"})

    name: Line | None = None
    language: Language | None = None
    notes: Paragraph | None = None
    archived: StrictBool | None = None


class ClientOut(BaseModel):
    """A person."""

    id: UUID
    name: str
    language: str | None
    notes: str
    visits: int
    created_at: datetime
    archived_at: datetime | None
    contacts: list[ContactPointOut]
