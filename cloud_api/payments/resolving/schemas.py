"""What does money that needs a person look like from outside?"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.kit.money import Money
from cloud_api.kit.text import Line
from cloud_api.payments.models import MatterRow, PaymentRow
from cloud_api.payments.types import MatterKind, MatterState, ProviderName


class MatterOut(BaseModel):
    """Money that needs a person, and how long it has waited."""

    id: UUID
    kind: MatterKind
    state: MatterState
    payment_id: UUID
    folio_id: UUID | None
    provider: ProviderName
    provider_id: str
    amount: Money
    refunded: Money
    detail: str
    age_seconds: int
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: str
    note: str

    @classmethod
    def of(cls, row: MatterRow, payment: PaymentRow, *, now: datetime) -> "MatterOut":
        """What is seen of it; its age ends when it is resolved."""
        until = row.resolved_at or now
        return cls(
            id=row.id,
            kind=row.kind,
            state=row.state,
            payment_id=row.payment_id,
            folio_id=row.folio_id,
            provider=payment.provider,
            provider_id=payment.provider_id,
            amount=Money(payment.amount_minor, payment.currency),
            refunded=Money(payment.refunded_minor, payment.currency),
            detail=row.detail,
            age_seconds=max(0, int((until - row.created_at).total_seconds())),
            created_at=row.created_at,
            resolved_at=row.resolved_at,
            resolved_by=row.resolved_by,
            note=row.note,
        )


class AttachIn(BaseModel):
    """To which booking the money belongs."""

    model_config = ConfigDict(extra="forbid")

    subject_id: UUID
    note: Line


class NoteIn(BaseModel):
    """Why it was decided so."""

    model_config = ConfigDict(extra="forbid")

    note: Line
