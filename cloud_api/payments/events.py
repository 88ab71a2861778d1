"""What has happened to money, for rooms that do not know this one?"""

from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event


class PaymentEvent(Event):
    """What every event of a payment carries; amounts are minor units of `currency`.

    `subject_id` (the booking's) and `property_id` are null while nobody knows whose money it is.
    `due_minor` is what the folio owes afterwards, negative where we owe.
    """

    name: ClassVar[str] = "payments.event"

    organisation_id: UUID
    property_id: UUID | None
    subject_id: UUID | None
    folio_id: UUID | None
    payment_id: UUID | None
    client_id: UUID | None
    provider: str | None
    currency: str
    amount_minor: int
    due_minor: int


class PaymentReceived(PaymentEvent):
    """Money came. `late`: for a booking that is no more."""

    name = "payments.received"

    late: bool = False


class PaidInFull(PaymentEvent):
    """Nothing is due any more; told once a folio. `amount_minor` is all that was paid."""

    name = "payments.paid_in_full"


class PaymentFailed(PaymentEvent):
    """Nothing came of it: `reason` is rejected, cancelled, expired or a code of ours."""

    name = "payments.failed"

    reason: str = ""


class PaymentRefunded(PaymentEvent):
    """So much went back."""

    name = "payments.refunded"

    refund_id: UUID


class PaymentNeedsPerson(PaymentEvent):
    """Money waits for somebody's decision; `matter` says why."""

    name = "payments.needs_person"

    matter: str
    matter_id: UUID | None = None


class VoucherReceived(PaymentEvent):
    """A guest showed proof of a transfer, the `number`-th; `review` is how it stands now."""

    name = "payments.voucher_received"

    number: int
    review: str
