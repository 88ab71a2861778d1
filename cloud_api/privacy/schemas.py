"""How do exports, erasures and rules look from outside?"""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

type Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]


class RetentionIO(BaseModel):
    """How many days after check-out each kind of file is kept."""

    model_config = ConfigDict(extra="forbid")

    id_document_days: Days
    voucher_days: Days
    paper_days: Days


class ErasureOut(BaseModel):
    """What was forgotten. What stays has no person: nights, amounts, the record of deeds."""

    client_id: UUID
    reservations: int
    grants: int
    files: int


class ExportNote(BaseModel):
    """What the record says of an export: how much it was, never what."""

    reservations: int
