"""How are points, their owners and the rules read and written?

`balance` moves in the transaction that writes its entry, under the member's row lock, and may not
be below zero by a CHECK: two who redeem at once cannot both have the last of it.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, select, text
from sqlalchemy.dialects.postgresql import insert

from cloud_api.crm.loyalty.models import EntryRow, LoyaltySettingsRow, MemberRow
from cloud_api.crm.loyalty.types import EntryKind, Member, Movement, Redeemed, Settings
from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.money import Money
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped

_SORTING: Final[dict[str, Column]] = {
    "created_at": EntryRow.created_at,
    "points": EntryRow.points,
}
_NAMED: Final = "named with its organisation"
_MEMBER: Final = "client_id, organisation_id, code, referred_by, balance, expires_on"
_JOIN: Final = text("""
INSERT INTO loyalty_members (client_id, organisation_id, code)
VALUES (:client_id, :organisation_id, :code) ON CONFLICT DO NOTHING RETURNING true
""")
_FIND: Final = text(f"""
SELECT {_MEMBER} FROM loyalty_members
WHERE organisation_id = :organisation_id AND client_id = :client_id
""")  # noqa: S608 - our own words
_LOCK: Final = text(f"""
SELECT {_MEMBER} FROM loyalty_members
WHERE organisation_id = :organisation_id AND client_id = ANY(:ids) ORDER BY client_id FOR UPDATE
""")  # noqa: S608 - our own words
_BY_CODE: Final = text(f"""
SELECT {_MEMBER} FROM loyalty_members WHERE organisation_id = :organisation_id AND code = :code
""")  # noqa: S608 - our own words
_KNOWN: Final = text(
    "SELECT EXISTS (SELECT FROM points_entries"
    " WHERE organisation_id = :organisation_id AND key = :key)"
)
_MOVE: Final = text("""
UPDATE loyalty_members SET balance = balance + :points,
    expires_on = coalesce(:expires_on, expires_on)
WHERE organisation_id = :organisation_id AND client_id = :client_id RETURNING balance
""")
_REDEEMED: Final = text("""
SELECT e.id, e.client_id, -e.points AS points, e.worth_minor, e.worth_currency
FROM points_entries AS e
WHERE e.organisation_id = :organisation_id AND e.reservation_id = :reservation_id
    AND e.kind = 'redeemed' AND NOT EXISTS (SELECT FROM points_entries AS b
        WHERE b.organisation_id = e.organisation_id AND b.key = 'refunded:' || e.id)
""")
# In another tenant's hands or ours at the same time: whoever is locked is left for the next run.
_EXPIRE: Final = text("""
WITH due AS (
    SELECT client_id, organisation_id, balance, expires_on FROM loyalty_members
    WHERE balance > 0 AND expires_on <= :today
    ORDER BY expires_on LIMIT :most FOR UPDATE SKIP LOCKED
), emptied AS (
    UPDATE loyalty_members AS m SET balance = 0 FROM due WHERE m.client_id = due.client_id
)
INSERT INTO points_entries (id, organisation_id, client_id, kind, points, key, created_by)
SELECT gen_random_uuid(), organisation_id, client_id, 'expired', -balance,
    'expired:' || client_id || ':' || gen_random_uuid(), 'system'
FROM due RETURNING client_id
""")
_REFER: Final = text("""
UPDATE loyalty_members SET referred_by = :referrer_id, referred_at = :at
WHERE organisation_id = :organisation_id AND client_id = :client_id AND referred_by IS NULL
RETURNING true
""")
_ANCESTORS: Final = text("""
WITH RECURSIVE up AS (
    SELECT client_id, referred_by FROM loyalty_members
    WHERE organisation_id = :organisation_id AND client_id = :client_id
    UNION
    SELECT m.client_id, m.referred_by FROM loyalty_members AS m
    JOIN up ON m.client_id = up.referred_by WHERE m.organisation_id = :organisation_id
)
SELECT client_id FROM up
""")
_REFERRED: Final = text("""
SELECT referred_by, client_id, referred_at FROM loyalty_members
WHERE organisation_id = :organisation_id AND referred_by = ANY(:ids)
""")
_REFERRERS: Final = text("""
SELECT DISTINCT referred_by FROM loyalty_members
WHERE organisation_id = :organisation_id AND referred_by IS NOT NULL
""")


async def settings(session: Session, organisation_id: UUID) -> Settings:
    """The organisation's rules, or what holds where it said nothing."""
    statement = select(LoyaltySettingsRow).where(
        LoyaltySettingsRow.organisation_id == organisation_id
    )
    row = await session.scalar(across_tenants(statement, because=_NAMED))
    if row is None:
        return Settings()
    point = None
    if row.point_minor is not None and row.point_currency is not None:
        point = Money(row.point_minor, row.point_currency)
    return Settings(
        earn_percent=row.earn_percent,
        referral_percent=row.referral_percent,
        expiry_days=row.expiry_days,
        point=point,
        without_points=tuple(row.without_points),
    )


async def set_settings(session: Session, organisation_id: UUID, wanted: Settings) -> None:
    """Write the organisation's rules."""
    values: dict[str, Any] = {
        "earn_percent": wanted.earn_percent,
        "referral_percent": wanted.referral_percent,
        "expiry_days": wanted.expiry_days,
        "point_minor": wanted.point and wanted.point.minor,
        "point_currency": wanted.point and wanted.point.currency,
        "without_points": list(wanted.without_points),
    }
    statement = insert(LoyaltySettingsRow).values(organisation_id=organisation_id, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["organisation_id"], set_=values)
    )


async def join(session: Session, organisation_id: UUID, client_id: UUID, code: str) -> bool:
    """A new member under this code; False where the code or the member is there already."""
    values = {"organisation_id": organisation_id, "client_id": client_id, "code": code}
    return await session.scalar(_JOIN, values) is not None


async def find(session: Session, organisation_id: UUID, client_id: UUID) -> Member | None:
    """One member."""
    key = {"organisation_id": organisation_id, "client_id": client_id}
    row = (await session.execute(_FIND, key)).mappings().first()
    return None if row is None else Member(**row)


async def lock(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID]
) -> list[Member]:
    """These members, kept from others, in the order of their ids."""
    key = {"organisation_id": organisation_id, "ids": list(client_ids)}
    return [Member(**row) for row in (await session.execute(_LOCK, key)).mappings()]


async def by_code(session: Session, organisation_id: UUID, code: str) -> Member | None:
    """Whose code this is."""
    key = {"organisation_id": organisation_id, "code": code}
    row = (await session.execute(_BY_CODE, key)).mappings().first()
    return None if row is None else Member(**row)


async def known(session: Session, organisation_id: UUID, key: str) -> bool:
    """Whether a movement of this key was written."""
    return bool(await session.scalar(_KNOWN, {"organisation_id": organisation_id, "key": key}))


async def write(session: Session, member: Member, movement: Movement) -> int:
    """Write one movement of a locked member; the new balance."""
    session.add(_entry(member, movement))
    await session.flush()
    values = {
        "organisation_id": member.organisation_id,
        "client_id": member.client_id,
        "points": movement.points,
        "expires_on": movement.expires_on,
    }
    return int(await session.scalar(_MOVE, values))


async def redeemed(session: Session, organisation_id: UUID, reservation_id: UUID) -> list[Redeemed]:
    """What was redeemed for a booking and not given back."""
    key = {"organisation_id": organisation_id, "reservation_id": reservation_id}
    return [_redeemed(row) for row in (await session.execute(_REDEEMED, key)).mappings()]


async def expire(session: Session, *, today: date, most: int) -> list[UUID]:
    """End the points of members whose day has come, of every tenant; whose they were."""
    rows = await session.execute(_EXPIRE, {"today": today, "most": most})
    return list(rows.scalars())


async def refer(
    session: Session, organisation_id: UUID, client_id: UUID, referrer_id: UUID, *, at: datetime
) -> bool:
    """Say who referred a member; False where that was said before."""
    values = {
        "organisation_id": organisation_id,
        "client_id": client_id,
        "referrer_id": referrer_id,
        "at": at,
    }
    return await session.scalar(_REFER, values) is not None


async def ancestors(session: Session, organisation_id: UUID, client_id: UUID) -> set[UUID]:
    """The member, who referred them, and so on."""
    key = {"organisation_id": organisation_id, "client_id": client_id}
    return set((await session.execute(_ANCESTORS, key)).scalars())


async def referred(
    session: Session, organisation_id: UUID, referrer_ids: Collection[UUID]
) -> list[tuple[UUID, UUID, datetime]]:
    """Who was referred by whom and when: referrer, referred, instant."""
    key = {"organisation_id": organisation_id, "ids": list(referrer_ids)}
    rows = await session.execute(_REFERRED, key)
    return [(row.referred_by, row.client_id, row.referred_at) for row in rows]


async def referrers(session: Session, organisation_id: UUID) -> list[UUID]:
    """Everybody who referred somebody."""
    rows = await session.execute(_REFERRERS, {"organisation_id": organisation_id})
    return list(rows.scalars())


async def members(session: Session, organisation_id: UUID) -> list[UUID]:
    """Every member of an organisation."""
    statement = select(MemberRow.client_id).where(MemberRow.organisation_id == organisation_id)
    return list(await session.scalars(across_tenants(statement, because=_NAMED)))


async def organisations(session: Session) -> list[UUID]:
    """Every organisation with somebody who was referred."""
    statement = select(MemberRow.organisation_id).where(MemberRow.referred_by.is_not(None))
    because = "the clock serves every organisation"
    return list(await session.scalars(across_tenants(statement.distinct(), because=because)))


async def entries(
    session: Session,
    scope: Scope,
    client_id: UUID,
    window: Window,
    *,
    sort: str | None,
    kind: EntryKind | None,
) -> tuple[list[EntryRow], int]:
    """A page of one member's ledger."""
    statement = scoped(select(EntryRow).where(EntryRow.client_id == client_id), EntryRow, scope)
    if kind is not None:
        statement = statement.where(EntryRow.kind == kind)
    order = ordering(sort, _SORTING, default="-created_at", last=EntryRow.id.asc())
    return await read_page(session, statement, window, order=order)


def _entry(member: Member, movement: Movement) -> EntryRow:
    return EntryRow(
        id=new_id(),
        organisation_id=member.organisation_id,
        client_id=member.client_id,
        kind=movement.kind,
        points=movement.points,
        key=movement.key,
        reservation_id=movement.reservation_id,
        referred_client_id=movement.referred_client_id,
        worth_minor=movement.worth and movement.worth.minor,
        worth_currency=movement.worth and movement.worth.currency,
        reason=movement.reason,
        created_by=movement.by,
        created_by_name=movement.by_name,
    )


def _redeemed(row: RowMapping) -> Redeemed:
    worth = Money(row["worth_minor"], row["worth_currency"])
    return Redeemed(row["id"], row["client_id"], row["points"], worth)


async def page_for_export(
    session: Session, organisation_id: UUID, client_id: UUID
) -> Sequence[EntryRow]:
    """The whole ledger of one person, in order."""
    statement = select(EntryRow).where(
        EntryRow.organisation_id == organisation_id, EntryRow.client_id == client_id
    )
    ordered = across_tenants(statement, because=_NAMED).order_by(EntryRow.created_at, EntryRow.id)
    return list(await session.scalars(ordered))
