"""How do contracts and their words look from outside?"""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud_api.kit.text import Line
from cloud_api.papers.contracts.types import Contract
from cloud_api.papers.models import ContractTemplateRow

type Language = Literal["en", "es", "fr", "de", "pt", "it", "zh", "ja", "ar", "hi"]
type Body = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000)
]


class TemplateIn(BaseModel):
    """A new version of a contract's words; see `contracts.rules` for what may stand in it."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    language: Language = "en"
    body: Annotated[Body, Field(examples=["# Contract\n\n{{ guest }} stays {{ nights }} nights."])]


class TemplateOut(BaseModel):
    """One version."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    version: int
    language: str
    body: str
    written_at: datetime
    written_by: UUID

    @classmethod
    def of(cls, row: ContractTemplateRow) -> Self:
        """As staff know it."""
        return cls.model_validate(row)


class TemplateNote(BaseModel):
    """What the record says of a version."""

    name: str
    version: int
    language: str


class ContractIn(BaseModel):
    """Which words; the newest version of them is taken."""

    model_config = ConfigDict(extra="forbid")

    template: Line


class ContractNote(BaseModel):
    """What the record says of a contract."""

    template: str
    version: int
    digest: str


class AcceptanceIn(BaseModel):
    """Which contract the guest agrees to."""

    model_config = ConfigDict(extra="forbid")

    contract_id: UUID


class ContractOut(BaseModel):
    """A contract; `digest` is the SHA-256 of its PDF."""

    id: UUID
    template: str
    version: int
    digest: str
    made_at: datetime
    accepted_at: datetime | None

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """As guest and staff know it."""
        return cls(
            id=contract.id,
            template=contract.template,
            version=contract.version,
            digest=contract.digest,
            made_at=contract.made_at,
            accepted_at=contract.accepted_at,
        )
