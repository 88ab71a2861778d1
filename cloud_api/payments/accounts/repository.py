"""How are accounts at providers, and a property's ways to pay, read and written?"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.payments.models import AccountRow, OfferedRow, PaymentSettingsRow
from cloud_api.payments.types import ProviderName

_WORK = "a worker asks providers for every tenant"
_DUE_TO_RECONCILE = text("""
UPDATE payment_accounts SET leased_until = :until WHERE id IN (
    SELECT id FROM payment_accounts
    WHERE reconcile_from IS NOT NULL
        AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY reconcile_from LIMIT :most FOR UPDATE SKIP LOCKED
) RETURNING id
""")
# An archived account is still compared for as long as something begun there may be paid.
_WANT_RECONCILED = text("""
UPDATE payment_accounts SET reconcile_from = least(reconcile_from, CAST(:since AS timestamptz))
WHERE (archived_at IS NULL OR archived_at > now() - interval '60 days')
    AND (CAST(:account_id AS uuid) IS NULL OR id = CAST(:account_id AS uuid))
    AND (CAST(:organisation_id AS uuid) IS NULL
        OR organisation_id = CAST(:organisation_id AS uuid))
RETURNING id
""")
_RECONCILED = text("""
UPDATE payment_accounts SET leased_until = NULL,
    reconcile_from = CASE WHEN reconcile_from = :since THEN NULL ELSE reconcile_from END
WHERE id = :id
""")
_SUCCESS = text("UPDATE payment_accounts SET last_success_at = :now WHERE id = :id")
_FAILURE = text(
    "UPDATE payment_accounts SET last_failure_at = :now, last_failure = :what WHERE id = :id"
)
_FORGED = text("UPDATE payment_accounts SET forged = forged + 1 WHERE id = :id")
_VERIFICATION = text("UPDATE payment_accounts SET verification_code = :cell WHERE id = :id")
_SETTINGS = text("""
INSERT INTO payment_settings (property_id, organisation_id, bank_details, late_money, late_hours)
SELECT id, organisation_id, :bank_details, :late_money, :late_hours
FROM properties WHERE id = :property_id AND organisation_id = :organisation_id
ON CONFLICT (property_id) DO UPDATE SET bank_details = excluded.bank_details,
    late_money = excluded.late_money, late_hours = excluded.late_hours
RETURNING property_id
""")
_OWN_PROPERTY = text(
    "SELECT true FROM properties WHERE id = :property_id AND organisation_id = :organisation_id"
)
_CLEAR_OFFERS = text(
    "DELETE FROM payment_offers WHERE property_id = :property_id"
    " AND organisation_id = :organisation_id"
)
_OFFER = text("""
INSERT INTO payment_offers (property_id, provider, organisation_id, account_id)
VALUES (:property_id, :provider, :organisation_id, :account_id)
""")


async def find(
    session: Session, scope: Scope, account_id: UUID, *, lock: bool = False
) -> AccountRow | None:
    """One of the caller's accounts that is not archived."""
    statement = select(AccountRow).where(
        AccountRow.id == account_id, AccountRow.archived_at.is_(None)
    )
    statement = scoped(statement, AccountRow, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def own(session: Session, scope: Scope) -> list[AccountRow]:
    """All of the caller's accounts that are not archived."""
    statement = select(AccountRow).where(AccountRow.archived_at.is_(None))
    ordered = scoped(statement, AccountRow, scope).order_by(AccountRow.created_at, AccountRow.id)
    return list(await session.scalars(ordered))


async def get(session: Session, account_id: UUID) -> AccountRow | None:
    """One account of whatever tenant, archived ones too: their money may still move."""
    statement = select(AccountRow).where(AccountRow.id == account_id)
    return await session.scalar(across_tenants(statement, because=_WORK))


async def of_ids(session: Session, account_ids: Collection[UUID]) -> list[AccountRow]:
    """These accounts of whatever tenants, archived ones too."""
    statement = select(AccountRow).where(AccountRow.id.in_(account_ids))
    return list(await session.scalars(across_tenants(statement, because=_WORK)))


async def by_token(session: Session, token_hash: bytes) -> AccountRow | None:
    """The account whose webhook address this is."""
    statement = select(AccountRow).where(AccountRow.token_hash == token_hash)
    because = "a provider knows the secret of one account and no tenant"
    return await session.scalar(across_tenants(statement, because=because))


async def offered(session: Session, property_id: UUID, provider: ProviderName) -> OfferedRow | None:
    """Whether and through which account a property takes money so."""
    statement = select(OfferedRow).where(
        OfferedRow.property_id == property_id, OfferedRow.provider == provider
    )
    because = "the folio is of that property"
    return await session.scalar(across_tenants(statement, because=because))


async def offers(session: Session, property_id: UUID) -> list[OfferedRow]:
    """Every way in which this property takes money."""
    statement = (
        select(OfferedRow)
        .where(OfferedRow.property_id == property_id)
        .order_by(OfferedRow.provider)
    )
    because = "the property was the caller's, or the folio is of it"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def settings(session: Session, property_id: UUID) -> PaymentSettingsRow | None:
    """What the property decided."""
    statement = select(PaymentSettingsRow).where(PaymentSettingsRow.property_id == property_id)
    because = "the property was the caller's, or the folio is of it"
    return await session.scalar(across_tenants(statement, because=because))


async def is_own_property(session: Session, scope: Scope, property_id: UUID) -> bool:
    """Is the property the caller's?"""
    key = {"property_id": property_id, "organisation_id": scope.organisation_id}
    return await session.scalar(_OWN_PROPERTY, key) is not None


async def put_settings(
    session: Session, scope: Scope, property_id: UUID, values: Mapping[str, object]
) -> bool:
    """Write them; False when the property is not the caller's."""
    key = {"property_id": property_id, "organisation_id": scope.organisation_id}
    return await session.scalar(_SETTINGS, {**key, **values}) is not None


async def put_offers(
    session: Session,
    scope: Scope,
    property_id: UUID,
    wanted: Mapping[ProviderName, UUID | None],
) -> None:
    """Write them all anew; the property is the caller's."""
    key = {"property_id": property_id, "organisation_id": scope.organisation_id}
    await session.execute(_CLEAR_OFFERS, key)
    for provider, account_id in wanted.items():
        values = {**key, "provider": provider.value, "account_id": account_id}
        await session.execute(_OFFER, values)


async def note(session: Session, account_id: UUID, *, now: datetime, failure: str | None) -> None:
    """How asking went."""
    if failure is None:
        await session.execute(_SUCCESS, {"id": account_id, "now": now})
    else:
        await session.execute(_FAILURE, {"id": account_id, "now": now, "what": failure[:200]})


async def count_forged(session: Session, account_id: UUID) -> None:
    """One notice more that its provider did not sign."""
    await session.execute(_FORGED, {"id": account_id})


async def keep_verification(session: Session, account_id: UUID, cell: bytes) -> None:
    """The code that its owner has to type at the provider."""
    await session.execute(_VERIFICATION, {"id": account_id, "cell": cell})


async def want_reconciled(
    session: Session,
    *,
    since: datetime,
    account_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> list[UUID]:
    """Have all accounts, one, or an organisation's compared with their providers from then on."""
    values = {"since": since, "account_id": account_id, "organisation_id": organisation_id}
    return list(await session.scalars(_WANT_RECONCILED, values))


async def due_to_reconcile(
    session: Session, *, now: datetime, lease: timedelta, most: int
) -> list[AccountRow]:
    """Lease accounts that have to be compared."""
    values = {"now": now, "until": now + lease, "most": most}
    ids = list(await session.scalars(_DUE_TO_RECONCILE, values))
    statement = select(AccountRow).where(AccountRow.id.in_(ids))
    return list(await session.scalars(across_tenants(statement, because=_WORK)))


async def reconciled(session: Session, account_id: UUID, *, since: datetime) -> None:
    """It was compared from then on; who asked for more meanwhile still gets it."""
    await session.execute(_RECONCILED, {"id": account_id, "since": since})
