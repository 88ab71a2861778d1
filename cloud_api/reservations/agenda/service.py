"""Which stays begin or end about now, and whose voucher is awaited?"""

from datetime import date, datetime

from cloud_api.kit.db import Session
from cloud_api.reservations.agenda import repository
from cloud_api.reservations.agenda.types import AwaitedVoucher, NearStay


async def near(session: Session, *, since: date, until: date) -> list[NearStay]:
    """Every tenant's certain stays that end not before `since` and begin not after `until`."""
    return await repository.near(session, since=since, until=until)


async def awaited_vouchers(
    session: Session, *, now: datetime, until: datetime
) -> list[AwaitedVoucher]:
    """Every tenant's holds that end by `until` unless a voucher comes."""
    return await repository.vouchers(session, now=now, until=until)
