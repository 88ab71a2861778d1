"""I2, judged: is all money that a provider took in our books once, and has each coin its place?

The provider's own books are the truth; ours are read by SQL, and nothing of the rooms is called.
Money has its place when its booking is confirmed, when what was not owed went back, or when it
stands on the list of what needs a person. Anything else is told as a sentence.
"""

from collections import Counter as Count
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from portero.simulators.mercadopago import Payment
from tests.faults.cash import Counter

_ROWS = """
SELECT p.id, p.provider_id, p.reference, p.state, p.received_minor, p.refunded_minor, p.folio_id,
       f.closed_at, f.deposit_minor, r.status,
       EXISTS (SELECT 1 FROM payment_matters m WHERE m.payment_id = p.id AND m.state = 'open')
         AS on_list,
       (SELECT count(*) FROM payment_matters m WHERE m.payment_id = p.id) AS matters,
       (SELECT coalesce(sum(CASE l.kind WHEN 'payment' THEN -l.amount_minor ELSE l.amount_minor END
        ), 0) FROM folio_lines l WHERE l.folio_id = p.folio_id) AS due,
       (SELECT coalesce(sum(l.amount_minor), 0) FROM folio_lines l
        WHERE l.payment_id = p.id AND l.kind = 'payment') AS lines_in,
       (SELECT coalesce(sum(l.amount_minor), 0) FROM folio_lines l
        WHERE l.payment_id = p.id AND l.kind = 'refund') AS lines_out,
       (SELECT count(*) FROM events_outbox e WHERE e.name = 'payments.received'
        AND e.payload ->> 'payment_id' = p.id::text) AS told
FROM payments p LEFT JOIN folios f ON f.id = p.folio_id LEFT JOIN reservations r
ON r.id = p.subject_id WHERE p.provider = 'mercado_pago'
"""
_LIVE = {"confirmed", "completed"}
_CAME = {"paid", "partly_refunded", "refunded", "disputed"}


async def wrong(counter: Counter) -> list[str]:
    """What does not hold, when everything has come to rest."""
    rows = await counter.till.sql(_ROWS)
    took = [each for each in counter.vendor.captured if each.status != "pending"]
    found = [*_both(rows, took), *_once(took), *_nothing_made_up(rows, took), *_placed(rows)]
    if await counter.desk.overlaps():
        found.append("a night is sold twice")
    return found


def _both(rows: Sequence[Any], took: Sequence[Payment]) -> Iterator[str]:
    for each in took:
        ours = [row for row in rows if row.provider_id == str(each.id) and row.state in _CAME]
        # A dispute takes the money away again, until it is won.
        came = Decimal() if each.status == "charged_back" else each.amount
        if len(ours) != 1:
            yield f"payment {each.id} is in our books {len(ours)} times"
        elif (ours[0].received_minor, ours[0].refunded_minor) != (
            _minor(came),
            _minor(each.refunded),
        ):
            told = f"{ours[0].received_minor} and {ours[0].refunded_minor} back"
            yield f"payment {each.id}: {each.amount} and {each.refunded} back, ours {told}"


def _once(took: Sequence[Payment]) -> Iterator[str]:
    for reference, times in Count(each.reference for each in took).items():
        if times > 1:
            yield f"{reference} was charged {times} times"


def _nothing_made_up(rows: Sequence[Any], took: Sequence[Payment]) -> Iterator[str]:
    known = {str(each.id) for each in took}
    for row in rows:
        if row.received_minor and row.provider_id not in known:
            yield f"{row.reference} was paid nowhere"
        if row.folio_id is None:
            continue
        if (row.lines_in, row.lines_out) != (row.received_minor, row.refunded_minor):
            yield f"{row.reference}: the folio's lines are not what came and went"
        if row.told > (row.state in _CAME):
            yield f"{row.reference} was told {row.told} times to have come"


def _placed(rows: Sequence[Any]) -> Iterator[str]:
    for row in rows:
        rests = row.received_minor - row.refunded_minor
        if rests <= 0 or row.on_list:
            continue
        if row.folio_id is None:
            yield f"{row.reference} is nobody's and on no list"
        elif row.status is None or row.status in _LIVE:
            if row.closed_at is not None:
                yield f"{row.reference}: the booking lives, its folio is closed"
        elif row.status == "held" and rests < (row.deposit_minor or row.due + rests):
            continue  # not enough yet; should its time end, all of it goes back
        elif row.closed_at is None or row.due != 0:
            # A cancellation's fee is a charge: what rests and is owed is the house's.
            yield f"{row.reference}: {rests} rests on a booking that is {row.status}, due {row.due}"


def _minor(amount: Decimal) -> int:
    return int(amount * 100)
