"""What of a folio and its payments is the person?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, text

from cloud_api.kit.db import Session

_FOLIOS = text("""
SELECT subject_id AS reservation_id, title, currency, payer_name, payer_email, language, created_at,
    paid_in_full_at
FROM folios WHERE organisation_id = :organisation_id
  AND (client_id = :client_id OR subject_id = ANY(:stays)) ORDER BY created_at, id
""")
_PAYMENTS = text("""
SELECT subject_id AS reservation_id, provider, reference, state, currency, amount_minor,
    received_minor, refunded_minor, card_method, created_at, paid_at
FROM payments WHERE organisation_id = :organisation_id
  AND (client_id = :client_id OR subject_id = ANY(:stays)) ORDER BY created_at, id
""")
# What a provider told us word for word may name the payer; its payment was read anew long since.
_FORGET = text("""
WITH mine AS (
    UPDATE payments SET pay_url = NULL, card_token = NULL, device_session = NULL,
        card_fingerprint = NULL
    WHERE organisation_id = :organisation_id
      AND (client_id = :client_id OR subject_id = ANY(:stays))
    RETURNING reference
), told AS (
    UPDATE payment_notices SET body = ''
    WHERE organisation_id = :organisation_id AND heeded_at IS NOT NULL
      AND reference IN (SELECT reference FROM mine)
)
UPDATE folios SET payer_name = '', payer_email = NULL
WHERE organisation_id = :organisation_id
  AND (client_id = :client_id OR subject_id = ANY(:stays))
""")


async def folios(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> list[RowMapping]:
    """Their folios."""
    key = _key(organisation_id, client_id, reservation_ids)
    return list((await session.execute(_FOLIOS, key)).mappings())


async def payments(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> list[RowMapping]:
    """Their tries to pay."""
    key = _key(organisation_id, client_id, reservation_ids)
    return list((await session.execute(_PAYMENTS, key)).mappings())


async def forget(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> None:
    """Take the payer out; amounts and references stay."""
    await session.execute(_FORGET, _key(organisation_id, client_id, reservation_ids))


def _key(organisation_id: UUID, client_id: UUID, stays: Sequence[UUID]) -> dict[str, object]:
    return {"organisation_id": organisation_id, "client_id": client_id, "stays": list(stays)}
