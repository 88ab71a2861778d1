"""Which statements find the stays that are near?"""

from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from cloud_api.kit.db import Session
from cloud_api.reservations.agenda.types import AwaitedVoucher, NearStay

# Every tenant's: the clock serves them all. The status is written out for the partial index.
_NEAR: Final = text("""
SELECT r.id, r.organisation_id, r.property_id, r.house_id, u.unit_id, r.check_in, r.check_out,
    r.early_check_in, r.late_check_out
FROM reservations AS r
CROSS JOIN LATERAL (
    SELECT unit_id FROM reservation_units WHERE reservation_id = r.id ORDER BY unit_id LIMIT 1
) AS u
WHERE r.status = 'confirmed' AND r.kind = 'stay' AND r.check_out >= :since AND r.check_in <= :until
ORDER BY r.check_in, r.id
""")
_VOUCHERS: Final = text("""
SELECT id, organisation_id, property_id, expires_at AS deadline FROM reservations
WHERE status = 'held' AND transfer AND vouchers = 0 AND expires_at > :now AND expires_at <= :until
ORDER BY expires_at, id
""")


async def near(session: Session, *, since: date, until: date) -> list[NearStay]:
    """Certain stays that end not before `since` and begin not after `until`."""
    rows = await session.execute(_NEAR, {"since": since, "until": until})
    return [NearStay(**row) for row in rows.mappings()]


async def vouchers(session: Session, *, now: datetime, until: datetime) -> list[AwaitedVoucher]:
    """Holds whose voucher is awaited between these instants."""
    rows = await session.execute(_VOUCHERS, {"now": now, "until": until})
    return [AwaitedVoucher(**row) for row in rows.mappings()]
