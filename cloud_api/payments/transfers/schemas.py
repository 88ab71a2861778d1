"""What do vouchers of transfers look like from outside?"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.kit.text import Line
from cloud_api.payments.types import Review


class VoucherOut(BaseModel):
    """Proof of a transfer; staff read the file itself at `/files/{file_id}/content`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    payment_id: UUID
    number: int
    file_id: UUID
    media_type: str
    created_at: datetime


class VoucherTakenOut(BaseModel):
    """What the guest is told about a voucher."""

    number: int
    review: Review


class RejectionIn(BaseModel):
    """Why a transfer is not accepted; the guest is told."""

    model_config = ConfigDict(extra="forbid")

    reason: Line
