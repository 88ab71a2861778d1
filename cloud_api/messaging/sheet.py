"""How does the log become a spreadsheet nobody can be attacked with?"""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from cloud_api.messaging.schemas import MessageOut

MOST_EXPORTED: Final = 10_000
# Spreadsheets run a cell that begins with one of these.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_of(messages: Iterable[MessageOut]) -> str:
    """The messages as CSV with a header (RFC 4180); no cell is a formula."""
    out = StringIO()
    writer = csv.writer(out)
    names = list(MessageOut.model_fields)
    writer.writerow(names)
    for message in messages:
        told = message.model_dump(mode="json")
        writer.writerow([_harmless(told[name]) for name in names])
    return out.getvalue()


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
