"""How does a list of payments become a spreadsheet nobody can be attacked with?"""

import csv
from collections.abc import Iterable
from io import StringIO

from cloud_api.payments.schemas import PaymentOut

HEADER = (
    "id",
    "reference",
    "provider",
    "state",
    "review",
    "property_id",
    "subject_id",
    "amount_minor",
    "refunded_minor",
    "currency",
    "provider_status",
    "created_at",
    "paid_at",
)
# Spreadsheets run a cell that begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_of(payments: Iterable[PaymentOut]) -> str:
    """The payments as CSV with a header, RFC 4180 quoting and no cell that is a formula."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for payment in payments:
        writer.writerow([_harmless(cell) for cell in _row(payment)])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _row(payment: PaymentOut) -> tuple[str, ...]:
    return (
        str(payment.id),
        payment.reference,
        payment.provider,
        payment.state,
        payment.review or "",
        str(payment.property_id or ""),
        str(payment.subject_id or ""),
        str(payment.amount.minor),
        str(payment.refunded.minor),
        payment.amount.currency,
        payment.provider_status,
        payment.created_at.isoformat(),
        "" if payment.paid_at is None else payment.paid_at.isoformat(),
    )
