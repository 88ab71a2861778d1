"""How does a list of bookings become a spreadsheet nobody can be attacked with?"""

import csv
from collections.abc import Iterable
from io import StringIO

from cloud_api.reservations.types import Booking

HEADER = (
    "code",
    "kind",
    "status",
    "house_id",
    "unit_ids",
    "guest_name",
    "guest_email",
    "guest_phone",
    "check_in",
    "check_out",
    "nights",
    "guests",
    "channel",
    "paid_minor",
    "paid_currency",
    "notes",
    "created_at",
)
# Spreadsheets run a cell that begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_of(bookings: Iterable[Booking]) -> str:
    """The bookings as CSV with a header, RFC 4180 quoting and no cell that is a formula."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for booking in bookings:
        writer.writerow([harmless(cell) for cell in _row(booking)])
    return out.getvalue()


def harmless(cell: str) -> str:
    """The cell, with an apostrophe in front where a spreadsheet would calculate it."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _row(booking: Booking) -> tuple[str, ...]:
    amount = booking.payment.amount if booking.payment else None
    return (
        booking.code,
        booking.kind,
        booking.status,
        str(booking.house_id),
        " ".join(str(unit_id) for unit_id in booking.unit_ids),
        booking.contact.name,
        booking.contact.email or "",
        booking.contact.phone or "",
        booking.nights.check_in.isoformat(),
        booking.nights.check_out.isoformat(),
        str(booking.nights.count),
        str(booking.guests),
        booking.channel,
        str(amount.minor) if amount else "",
        amount.currency if amount else "",
        booking.notes,
        booking.moments.created_at.isoformat(),
    )
