"""Which words does a person's privacy have?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept after a stay's check-out, in days.

    Identity documents serve the arrival, so they go a month after it ends. Vouchers, contracts and
    receipts are what an organisation answers for in books and courts; ten years is the longest that
    the countries we know ask for. An organisation that has to keep less says so.
    """

    id_document_days: int = 30
    voucher_days: int = 3650
    paper_days: int = 3650
