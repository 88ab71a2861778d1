"""How are folios and their lines read and written?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.payments.rules import balance_of
from cloud_api.payments.types import ChargeLine, Folio, LineKind, Opening

_OPEN = text("""
INSERT INTO folios (id, organisation_id, property_id, subject_id, client_id, currency, title,
    payer_name, payer_email, language, deposit_minor)
VALUES (:id, :organisation_id, :property_id, :subject_id, :client_id, :currency, :title,
    :payer_name, :payer_email, :language, :deposit_minor)
ON CONFLICT (subject_id) DO NOTHING
""")
_LOCK = text("SELECT id FROM folios WHERE id = :id FOR UPDATE")
_FOLIOS = """
SELECT f.id, f.organisation_id, f.property_id, f.subject_id, f.currency, f.title, f.client_id,
    f.payer_name, f.payer_email, f.language, f.deposit_minor, f.closed_at, f.paid_in_full_at,
    t.charged, t.paid, t.refunded
FROM folios f CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'charge'), 0)::bigint AS charged,
        coalesce(sum(amount_minor) FILTER (WHERE kind = 'payment'), 0)::bigint AS paid,
        coalesce(sum(amount_minor) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunded
    FROM folio_lines l WHERE l.folio_id = f.id
) t
"""
_BY_ID = text(f"{_FOLIOS} WHERE f.id = :id")
_BY_SUBJECT = text(f"{_FOLIOS} WHERE f.subject_id = :subject_id")
_OWN = text(f"{_FOLIOS} WHERE f.id = :id AND f.organisation_id = :organisation_id")
_OWN_OF_SUBJECT = text(
    f"{_FOLIOS} WHERE f.subject_id = :subject_id AND f.organisation_id = :organisation_id"
)
_CHARGE = text("""
INSERT INTO folio_lines (id, organisation_id, folio_id, currency, kind, key, what, label,
    amount_minor)
SELECT w.id, :organisation_id, :folio_id, :currency, 'charge', w.key, w.what, w.label, w.minor
FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:kinds AS text[]),
    CAST(:labels AS text[]), CAST(:minors AS bigint[])) AS w (id, key, what, label, minor)
ON CONFLICT (folio_id, kind, key) DO NOTHING
""")
_CANCEL = text("""
INSERT INTO folio_lines (id, organisation_id, folio_id, currency, kind, key, what, label,
    amount_minor, reverses_id)
SELECT gen_random_uuid(), l.organisation_id, l.folio_id, l.currency, 'charge',
    'cancelled ' || l.id, l.what, :because, -l.amount_minor, l.id
FROM folio_lines l
WHERE l.folio_id = :folio_id AND l.kind = 'charge' AND l.reverses_id IS NULL
    AND (:all OR l.key = ANY(CAST(:keys AS text[])))
ON CONFLICT (reverses_id) DO NOTHING
""")
_MONEY = text("""
INSERT INTO folio_lines (id, organisation_id, folio_id, currency, kind, key, what, amount_minor,
    payment_id, refund_id)
VALUES (:id, :organisation_id, :folio_id, :currency, :kind, :key, :what, :minor, :payment_id,
    :refund_id)
ON CONFLICT (folio_id, kind, key) DO NOTHING
""")
_CLOSE = text(
    "UPDATE folios SET closed_at = now(), closed_because = :because"
    " WHERE id = :id AND closed_at IS NULL"
)
_REOPEN = text("UPDATE folios SET closed_at = NULL, closed_because = '' WHERE id = :id")
_IN_FULL = text(
    "UPDATE folios SET paid_in_full_at = now() WHERE id = :id AND paid_in_full_at IS NULL"
    " RETURNING true"
)
_DEPOSIT = text("UPDATE folios SET deposit_minor = :minor WHERE id = :id")
_FORGET_PAYER = text("""
UPDATE folios SET payer_name = '', payer_email = NULL
WHERE organisation_id = :organisation_id AND client_id = :client_id
""")
_LINES = text("""
SELECT id, kind, key, what, label, amount_minor, currency, payment_id, refund_id, reverses_id,
    created_at
FROM folio_lines WHERE folio_id = :folio_id AND organisation_id = :organisation_id
ORDER BY created_at, id
""")


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One movement of money on a folio; `key` makes it known when it is written again."""

    kind: LineKind
    key: str
    minor: int
    payment_id: UUID
    refund_id: UUID | None = None
    what: str = field(default="")


async def open_folio(session: Session, opening: Opening) -> None:
    """Insert it, unless the subject has one."""
    deposit = opening.deposit
    await session.execute(
        _OPEN,
        {
            "id": new_id(),
            "organisation_id": opening.organisation_id,
            "property_id": opening.property_id,
            "subject_id": opening.subject_id,
            "client_id": opening.client_id,
            "currency": opening.currency,
            "title": opening.title,
            "payer_name": opening.payer_name,
            "payer_email": opening.payer_email,
            "language": opening.language,
            "deposit_minor": None if deposit is None else deposit.minor,
        },
    )


async def lock(session: Session, folio_id: UUID) -> None:
    """Keep everybody else from this folio until the transaction ends."""
    await session.execute(_LOCK, {"id": folio_id})


async def by_id(session: Session, folio_id: UUID) -> Folio | None:
    """One folio of whatever tenant, with its sums."""
    return await _one(session, _BY_ID, id=folio_id)


async def by_subject(session: Session, subject_id: UUID) -> Folio | None:
    """The folio of this subject, of whatever tenant."""
    return await _one(session, _BY_SUBJECT, subject_id=subject_id)


async def own(session: Session, organisation_id: UUID, folio_id: UUID) -> Folio | None:
    """One of the organisation's folios."""
    return await _one(session, _OWN, id=folio_id, organisation_id=organisation_id)


async def own_of_subject(session: Session, organisation_id: UUID, subject_id: UUID) -> Folio | None:
    """The folio of one of the organisation's subjects."""
    return await _one(
        session, _OWN_OF_SUBJECT, subject_id=subject_id, organisation_id=organisation_id
    )


async def charge(session: Session, folio: Folio, lines: Sequence[ChargeLine]) -> None:
    """Insert those whose keys are not there."""
    await session.execute(
        _CHARGE,
        {
            "organisation_id": folio.organisation_id,
            "folio_id": folio.id,
            "currency": folio.currency,
            "ids": [new_id() for _ in lines],
            "keys": [line.key for line in lines],
            "kinds": [line.what for line in lines],
            "labels": [line.label for line in lines],
            "minors": [line.amount.minor for line in lines],
        },
    )


async def cancel(
    session: Session, folio: Folio, *, because: str, keys: Collection[str] | None
) -> None:
    """Insert the opposite of each charge that has none yet."""
    values = {"folio_id": folio.id, "because": because, "all": keys is None}
    await session.execute(_CANCEL, {**values, "keys": list(keys or ())})


async def move_money(session: Session, folio: Folio, line: MoneyLine) -> None:
    """Insert it, unless it is there."""
    await session.execute(
        _MONEY,
        {
            "id": new_id(),
            "organisation_id": folio.organisation_id,
            "folio_id": folio.id,
            "currency": folio.currency,
            "kind": line.kind.value,
            "key": line.key,
            "what": line.what,
            "minor": line.minor,
            "payment_id": line.payment_id,
            "refund_id": line.refund_id,
        },
    )


async def close(session: Session, folio: Folio, *, because: str) -> None:
    """Mark it closed, once."""
    await session.execute(_CLOSE, {"id": folio.id, "because": because})


async def reopen(session: Session, folio: Folio) -> None:
    """Mark it open."""
    await session.execute(_REOPEN, {"id": folio.id})


async def mark_in_full(session: Session, folio: Folio) -> bool:
    """Note that nothing is due any more; False when that was noted before."""
    return await session.scalar(_IN_FULL, {"id": folio.id}) is not None


async def set_deposit(session: Session, folio: Folio, minor: int | None) -> None:
    """What has to be paid first from now on."""
    await session.execute(_DEPOSIT, {"id": folio.id, "minor": minor})


async def forget_payer(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """Who paid is not told any more; that it was paid is."""
    values = {"organisation_id": organisation_id, "client_id": client_id}
    await session.execute(_FORGET_PAYER, values)


async def lines(session: Session, folio: Folio) -> list[dict[str, Any]]:
    """Every line, in the order they were written."""
    found = await session.execute(
        _LINES, {"folio_id": folio.id, "organisation_id": folio.organisation_id}
    )
    return [dict(row) for row in found.mappings()]


async def _one(session: Session, statement: Any, **values: object) -> Folio | None:  # noqa: ANN401 - SQLAlchemy's
    row = (await session.execute(statement, values)).mappings().first()
    return None if row is None else _folio(row)


def _folio(row: RowMapping) -> Folio:
    facts = {key: row[key] for key in row if key not in {"charged", "paid", "refunded"}}
    balance = balance_of(
        row["currency"],
        charged=row["charged"],
        paid=row["paid"],
        refunded=row["refunded"],
        deposit=row["deposit_minor"],
    )
    return Folio(**facts, balance=balance)
