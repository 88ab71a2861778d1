"""How are payments and links read and written?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.payments.models import PaymentRow
from cloud_api.payments.types import PaymentState, ProviderName

_WORK = "providers answer for every tenant; the row was found by its own secret name"
_SORTING: dict[str, Column] = {
    "created_at": PaymentRow.created_at,
    "paid_at": PaymentRow.paid_at,
    "amount_minor": PaymentRow.amount_minor,
    "state": PaymentRow.state,
}
_LOCK_FOLIO_OF = text("""
SELECT f.id FROM folios f JOIN payments p ON p.folio_id = f.id WHERE p.id = :id FOR UPDATE OF f
""")


async def locked(session: Session, payment_id: UUID) -> PaymentRow | None:
    """One payment as it is now, its folio locked before it: everybody locks in this order."""
    await session.execute(_LOCK_FOLIO_OF, {"id": payment_id})
    statement = (
        select(PaymentRow)
        .where(PaymentRow.id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return await session.scalar(across_tenants(statement, because=_WORK))


async def id_by_reference(session: Session, account_id: UUID, reference: str) -> UUID | None:
    """Which payment of this account we gave this reference."""
    statement = select(PaymentRow.id).where(
        PaymentRow.reference == reference, PaymentRow.account_id == account_id
    )
    return await session.scalar(across_tenants(statement, because=_WORK))


async def stray_id(session: Session, account_id: UUID, provider_id: str) -> UUID | None:
    """Which payment of this account is kept beside the others under the provider's name."""
    statement = select(PaymentRow.id).where(
        PaymentRow.account_id == account_id,
        PaymentRow.provider_id == provider_id,
        PaymentRow.stray.is_not(None),
    )
    return await session.scalar(across_tenants(statement, because=_WORK))


async def known(
    session: Session, account_id: UUID, provider_ids: Sequence[str]
) -> dict[str, PaymentRow]:
    """The payments of this account that have these names at the provider, in one statement."""
    statement = select(PaymentRow).where(
        PaymentRow.account_id == account_id, PaymentRow.provider_id.in_(provider_ids)
    )
    found = await session.scalars(across_tenants(statement, because=_WORK))
    return {each.provider_id: each for each in found}


async def add_stray(session: Session, row: PaymentRow) -> bool:
    """Keep money that is nobody's; False when it is kept already."""
    made = await session.scalar(
        insert(PaymentRow)
        .values(
            id=row.id,
            organisation_id=row.organisation_id,
            account_id=row.account_id,
            provider=row.provider,
            reference=row.reference,
            stray=row.stray,
            currency=row.currency,
            amount_minor=row.amount_minor,
            received_minor=row.received_minor,
            refunded_minor=row.refunded_minor,
            reserved_minor=row.reserved_minor,
            state=row.state,
            provider_id=row.provider_id,
            provider_status=row.provider_status,
            created_by=row.created_by,
            paid_at=row.paid_at,
        )
        .on_conflict_do_nothing()
        .returning(PaymentRow.id)
    )
    return made is not None


async def find(session: Session, scope: Scope, payment_id: UUID) -> PaymentRow | None:
    """One of the caller's payments."""
    statement = select(PaymentRow).where(PaymentRow.id == payment_id)
    return await session.scalar(scoped(statement, PaymentRow, scope))


async def pending_like(
    session: Session, folio_id: UUID, provider: ProviderName, amount_minor: int, *, now: datetime
) -> PaymentRow | None:
    """The try that is under way already for the same, if any; the folio is locked."""
    statement = (
        select(PaymentRow)
        .where(
            PaymentRow.folio_id == folio_id,
            PaymentRow.provider == provider,
            PaymentRow.amount_minor == amount_minor,
            PaymentRow.state == PaymentState.PENDING,
            PaymentRow.card_fingerprint.is_(None),
            or_(PaymentRow.deadline_at.is_(None), PaymentRow.deadline_at > now),
        )
        .order_by(PaymentRow.created_at.desc())
        .limit(1)
    )
    return await session.scalar(across_tenants(statement, because="the folio was the caller's"))


async def card_under_way(session: Session, folio_id: UUID, *, since: datetime) -> PaymentRow | None:
    """The card that is being charged, if one was begun since then; the folio is locked."""
    statement = (
        select(PaymentRow)
        .where(
            PaymentRow.folio_id == folio_id,
            PaymentRow.state == PaymentState.PENDING,
            PaymentRow.card_fingerprint.is_not(None),
            PaymentRow.created_at > since,
        )
        .order_by(PaymentRow.created_at.desc())
        .limit(1)
    )
    return await session.scalar(across_tenants(statement, because="the folio was the caller's"))


async def token_known(session: Session, fingerprint: bytes) -> bool:
    """Was this card token ever used?"""
    statement = select(PaymentRow.id).where(PaymentRow.card_fingerprint == fingerprint)
    because = "a card's token is worth one payment, whoever brings it"
    return await session.scalar(across_tenants(statement, because=because)) is not None


async def of_folio(session: Session, folio_id: UUID) -> list[PaymentRow]:
    """The payments of one folio, newest first."""
    statement = (
        select(PaymentRow)
        .where(PaymentRow.folio_id == folio_id)
        .order_by(PaymentRow.created_at.desc(), PaymentRow.id)
    )
    found = await session.scalars(across_tenants(statement, because="the folio was the caller's"))
    return list(found)


async def overdue_transfers(session: Session, *, now: datetime, most: int) -> list[UUID]:
    """Transfers by hand whose time is over and of which no voucher came."""
    statement = (
        select(PaymentRow.id)
        .where(
            PaymentRow.state == PaymentState.PENDING,
            PaymentRow.deadline_at <= now,
            PaymentRow.provider == ProviderName.MANUAL,
            PaymentRow.review == "awaiting_voucher",
        )
        .limit(most)
    )
    because = "the clock works for every tenant"
    return list(await session.scalars(across_tenants(statement, because=because)))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which payments are wanted; None: all. `made_from` counts, `made_until` does not.

    `payer`: a client's own, and those for these stays of theirs.
    """

    state: PaymentState | None = None
    provider: ProviderName | None = None
    property_id: UUID | None = None
    client_id: UUID | None = None
    subject_id: UUID | None = None
    payer: tuple[UUID, Sequence[UUID]] | None = None
    made_from: datetime | None = None
    made_until: datetime | None = None


async def page(
    session: Session, scope: Scope, wanted: Filter, window: Window, *, sort: str | None
) -> tuple[list[PaymentRow], int]:
    """A page of the caller's payments."""
    statement = scoped(select(PaymentRow), PaymentRow, scope)
    equal: dict[Column, object] = {
        PaymentRow.state: wanted.state,
        PaymentRow.provider: wanted.provider,
        PaymentRow.property_id: wanted.property_id,
        PaymentRow.client_id: wanted.client_id,
        PaymentRow.subject_id: wanted.subject_id,
    }
    for column, value in equal.items():
        if value is not None:
            statement = statement.where(column == value)
    if wanted.payer is not None:
        client_id, stays = wanted.payer
        own = PaymentRow.client_id == client_id
        statement = statement.where(or_(own, PaymentRow.subject_id.in_(stays)))
    if wanted.made_from is not None:
        statement = statement.where(PaymentRow.created_at >= wanted.made_from)
    if wanted.made_until is not None:
        statement = statement.where(PaymentRow.created_at < wanted.made_until)
    order = ordering(sort, _SORTING, default="-created_at", last=PaymentRow.id.asc())
    return await read_page(session, statement, window, order=order)
