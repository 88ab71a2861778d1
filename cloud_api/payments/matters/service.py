"""How is money put before a person, and never lost on the way?"""

from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.payments.events import PaymentNeedsPerson
from cloud_api.payments.ledger import service as ledger
from cloud_api.payments.matters import repository
from cloud_api.payments.models import PaymentRow
from cloud_api.payments.types import MatterKind


async def open_matter(
    session: Session,
    row: PaymentRow,
    kind: MatterKind,
    *,
    detail: str = "",
    due_minor: int | None = None,
    beside: PaymentRow | None = None,
) -> None:
    """Put this payment on the list of what has to be resolved, and tell it once.

    `beside` is the payment for which the money was probably meant.
    """
    meant = row if beside is None else beside
    matter_id = await repository.add(session, row, kind, folio_id=meant.folio_id, detail=detail)
    if matter_id is None:
        return
    said = await facts(session, meant, row.amount_minor)
    said |= {"payment_id": row.id, "currency": row.currency}
    if due_minor is not None:
        said["due_minor"] = due_minor
    event = PaymentNeedsPerson.model_validate({**said, "matter": kind, "matter_id": matter_id})
    await publish(session, event, organisation_id=row.organisation_id)


async def late_money_is_wanted(session: Session, folio_id: UUID) -> None:
    """The booking lives again: what came late is its own."""
    await repository.resolve_late(session, folio_id)


async def facts(session: Session, row: PaymentRow, minor: int) -> dict[str, object]:
    """What every event about this payment says, `minor` being how much it is about."""
    due = 0
    if row.folio_id is not None:
        due = (await ledger.get(session, row.folio_id)).balance.due.minor
    return {
        "organisation_id": row.organisation_id,
        "property_id": row.property_id,
        "subject_id": row.subject_id,
        "folio_id": row.folio_id,
        "payment_id": row.id,
        "client_id": row.client_id,
        "provider": row.provider.value,
        "currency": row.currency,
        "amount_minor": minor,
        "due_minor": due,
    }
