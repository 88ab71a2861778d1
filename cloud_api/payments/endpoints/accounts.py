"""How do owners say through whose account money comes, and where?"""

from uuid import UUID

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errands import wake
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.payments.accounts import service
from cloud_api.payments.accounts.schemas import (
    AccountIn,
    AccountOut,
    CredentialsIn,
    OfferIn,
    SettingsIn,
    SettingsOut,
)
from cloud_api.payments.endpoints.parts import Manager, Reader, ToolsOf
from cloud_api.payments.errands import RECONCILE
from cloud_api.payments.errors import AccountNotFoundError, CredentialsError
from cloud_api.payments.models import AccountRow
from cloud_api.payments.registry import CREDENTIALS
from cloud_api.payments.types import ProviderName

router = room_router(prefix="", tag="payments")


@router.get("/payment-providers")
async def list_providers(_scope: Reader) -> dict[ProviderName, dict[str, str]]:
    """Which credentials each provider needs, and what they are."""
    return {name: dict(needed) for name, needed in CREDENTIALS.items()}


@router.get("/payment-accounts")
async def list_accounts(session: DbSession, scope: Manager, tools: ToolsOf) -> list[AccountOut]:
    """The organisation's accounts, their credentials masked."""
    return [_out(tools.vault, each) for each in await service.own(session, scope)]


@router.post(
    "/payment-accounts",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(CredentialsError),
)
async def create_account(
    wanted: AccountIn, session: DbSession, scope: Manager, tools: ToolsOf
) -> AccountOut:
    """A new account; what its provider needs is listed at `/payment-providers`."""
    needed = CREDENTIALS.get(wanted.provider, {})
    row = await service.create(session, scope, tools.vault, wanted, needed=needed)
    await _on_record(session, scope, Deed.PAYMENT_ACCOUNT_CREATED, row.id)
    return _out(tools.vault, row)


@router.put(
    "/payment-accounts/{account_id}/credentials",
    responses=problem_responses(AccountNotFoundError, CredentialsError),
)
async def change_credentials(
    account_id: UUID, wanted: CredentialsIn, session: DbSession, scope: Manager, tools: ToolsOf
) -> AccountOut:
    """Other credentials, all of them; the former are forgotten."""
    row = await service.change_credentials(
        session, scope, tools.vault, account_id, wanted.credentials, needed=CREDENTIALS
    )
    await _on_record(session, scope, Deed.PAYMENT_ACCOUNT_CHANGED, row.id)
    return _out(tools.vault, row)


@router.post(
    "/payment-accounts/{account_id}/test",
    status_code=202,
    responses=problem_responses(AccountNotFoundError),
)
async def try_account(
    account_id: UUID, session: DbSession, scope: Manager, tools: ToolsOf
) -> AccountOut:
    """Have a worker ask the provider now; see `last_success_at` and `last_failure_at` then."""
    row = await service.test(session, scope, account_id, now=tools.clock.utc_now())
    await wake(session, RECONCILE)
    await _on_record(session, scope, Deed.PAYMENT_ACCOUNT_TESTED, row.id)
    return _out(tools.vault, row)


@router.delete(
    "/payment-accounts/{account_id}",
    status_code=204,
    responses=problem_responses(AccountNotFoundError),
)
async def archive_account(
    account_id: UUID, session: DbSession, scope: Manager, clock: ClockOf
) -> None:
    """Begin no payment there any more; what began is followed to its end."""
    await service.archive(session, scope, account_id, now=clock.utc_now())
    await _on_record(session, scope, Deed.PAYMENT_ACCOUNT_CHANGED, account_id)


@router.get("/properties/{property_id}/payment-settings", responses=problem_responses(NotFound))
async def read_settings(property_id: UUID, session: DbSession, scope: Reader) -> SettingsOut:
    """How a property takes money."""
    return await _settings(session, scope, property_id)


@router.put(
    "/properties/{property_id}/payment-settings",
    responses=problem_responses(NotFound, AccountNotFoundError),
)
async def change_settings(
    property_id: UUID, wanted: SettingsIn, session: DbSession, scope: Manager
) -> SettingsOut:
    """Decide how a property takes money: all of it anew."""
    await service.put_settings(session, scope, property_id, wanted)
    await audit.record(
        session,
        scope,
        action=Deed.PAYMENT_SETTINGS_CHANGED,
        object_type="property",
        object_id=property_id,
        after=wanted,
    )
    return await _settings(session, scope, property_id)


async def _settings(session: Session, scope: Scope, property_id: UUID) -> SettingsOut:
    if not await service.is_own_property(session, scope, property_id):
        raise NotFound
    row = await service.settings_of(session, property_id)
    offers = await service.offers(session, property_id)
    return SettingsOut.of(row, [OfferIn.model_validate(each) for each in offers])


async def _on_record(session: Session, scope: Scope, deed: Deed, account_id: UUID) -> None:
    await audit.record(
        session, scope, action=deed, object_type="payment_account", object_id=account_id
    )


def _out(vault: Vault, row: AccountRow) -> AccountOut:
    token = service.webhook_token(vault, row.id)
    return AccountOut.of(
        row,
        masked=service.shown(vault, row),
        path=f"/api/v1/webhooks/payments/{row.provider}/{token}",
        verification=service.verification_code(vault, row),
    )
