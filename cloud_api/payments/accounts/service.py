"""Through whose account does money come, and who may use it?"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.payments.accounts import repository
from cloud_api.payments.accounts.schemas import AccountIn, SettingsIn
from cloud_api.payments.errors import (
    AccountNotFoundError,
    CredentialsError,
    ProviderError,
    ProviderNotHereError,
)
from cloud_api.payments.models import AccountRow, OfferedRow, PaymentSettingsRow
from cloud_api.payments.types import Account, LateMoney, ProviderName

_INSIDE = frozenset({ProviderName.MANUAL, ProviderName.STORED_VALUE})
_DEFAULT_LATE_HOURS = 24


async def create(
    session: Session,
    scope: Scope,
    vault: Vault,
    wanted: AccountIn,
    *,
    needed: Mapping[str, str],
) -> AccountRow:
    """A new account. CredentialsError unless all that its provider needs is there, and no more."""
    _check(wanted.credentials, needed)
    account_id = new_id()
    row = AccountRow(
        id=account_id,
        organisation_id=scope.organisation_id,
        provider=wanted.provider,
        label=wanted.label,
        credentials=_locked(vault, account_id, wanted.credentials),
        token_hash=token_hash(webhook_token(vault, account_id)),
        last_failure="",
        forged=0,
    )
    session.add(row)
    await session.flush()
    return row


async def change_credentials(
    session: Session,
    scope: Scope,
    vault: Vault,
    account_id: UUID,
    credentials: Mapping[str, str],
    *,
    needed: Mapping[ProviderName, Mapping[str, str]],
) -> AccountRow:
    """Other credentials; the former are forgotten. AccountNotFoundError, CredentialsError."""
    found = await get(session, scope, account_id, lock=True)
    _check(credentials, needed[found.provider])
    found.credentials = _locked(vault, found.id, credentials)
    await session.flush()
    return found


async def archive(session: Session, scope: Scope, account_id: UUID, *, now: datetime) -> None:
    """No payment begins there any more; what began there is still followed."""
    found = await get(session, scope, account_id, lock=True)
    found.archived_at = now
    await session.flush()


async def get(
    session: Session, scope: Scope, account_id: UUID, *, lock: bool = False
) -> AccountRow:
    """One of the caller's accounts. AccountNotFoundError."""
    found = await repository.find(session, scope, account_id, lock=lock)
    if found is None:
        raise AccountNotFoundError
    return found


async def own(session: Session, scope: Scope) -> list[AccountRow]:
    """The caller's accounts."""
    return await repository.own(session, scope)


async def row(session: Session, account_id: UUID) -> AccountRow:
    """One account of whatever tenant; LookupError where there is none: a fault of ours."""
    found = await repository.get(session, account_id)
    if found is None:
        raise LookupError("an account is gone")
    return found


async def test(session: Session, scope: Scope, account_id: UUID, *, now: datetime) -> AccountRow:
    """Have a worker ask the provider now; how it went is told by `last_success_at`."""
    found = await get(session, scope, account_id)
    await repository.want_reconciled(session, since=now, account_id=found.id)
    return found


async def reconcile_own(session: Session, scope: Scope, *, since: datetime) -> list[UUID]:
    """Have a worker compare all of the caller's accounts from then on; which they are."""
    return await repository.want_reconciled(
        session, since=since, organisation_id=scope.organisation_id
    )


async def by_token(session: Session, provider: ProviderName, token: str) -> AccountRow | None:
    """The account whose webhook address this is."""
    found = await repository.by_token(session, token_hash(token))
    return found if found is not None and found.provider is provider else None


async def offered(
    session: Session, property_id: UUID, provider: ProviderName, *, guest: bool
) -> UUID | None:
    """The account through which this property takes money so; None where nobody outside is asked.

    Staff may always take money by hand or by a card. Raises ProviderNotHereError.
    """
    found = await repository.offered(session, property_id, provider)
    if found is None:
        if provider in _INSIDE and not guest:
            return None
        raise ProviderNotHereError(extra={"provider": provider})
    if found.account_id is None:
        return None
    account = await row(session, found.account_id)
    if account.archived_at is not None:
        raise ProviderNotHereError(extra={"provider": provider})
    return account.id


async def offers(session: Session, property_id: UUID) -> list[OfferedRow]:
    """Every way in which this property takes money from guests."""
    return await repository.offers(session, property_id)


async def settings_of(session: Session, property_id: UUID) -> PaymentSettingsRow:
    """What the property decided, or the defaults: late money is asked about."""
    found = await repository.settings(session, property_id)
    return found or PaymentSettingsRow(
        property_id=property_id,
        bank_details="",
        late_money=LateMoney.ASK,
        late_hours=_DEFAULT_LATE_HOURS,
    )


async def is_own_property(session: Session, scope: Scope, property_id: UUID) -> bool:
    """Is the property the caller's?"""
    return await repository.is_own_property(session, scope, property_id)


async def put_settings(
    session: Session, scope: Scope, property_id: UUID, wanted: SettingsIn
) -> None:
    """What the property decides. NotFound, AccountNotFoundError, CredentialsError."""
    values = {
        "bank_details": wanted.bank_details,
        "late_money": wanted.late_money.value,
        "late_hours": wanted.late_hours,
    }
    if not await repository.put_settings(session, scope, property_id, values):
        raise NotFound
    offers: dict[ProviderName, UUID | None] = {}
    for offer in wanted.offers:
        offers[offer.provider] = await _account_for(
            session, scope, offer.provider, offer.account_id
        )
    await repository.put_offers(session, scope, property_id, offers)


def opened(vault: Vault, found: AccountRow) -> Account:
    """The account with its credentials, for one errand."""
    cell = vault.unlock(found.credentials, context=_place(found.id))
    return Account(
        id=found.id,
        organisation_id=found.organisation_id,
        provider=found.provider,
        credentials=json.loads(cell),
    )


def shown(vault: Vault, found: AccountRow) -> dict[str, str]:
    """Its credentials, masked: that there is one, and how a long one ends."""
    return {
        name: f"****{value[-4:]}" if len(value) >= 20 else "****"  # noqa: PLR2004 - a long secret's end betrays nothing
        for name, value in opened(vault, found).credentials.items()
    }


def verification_code(vault: Vault, found: AccountRow) -> str | None:
    """What its owner has to type at the provider, if the provider told it."""
    if found.verification_code is None:
        return None
    return vault.unlock(found.verification_code, context=f"{_place(found.id)}|verification")


async def keep_verification(session: Session, vault: Vault, found: AccountRow, code: str) -> None:
    """Keep what the provider told at its first call."""
    cell = vault.lock(code, context=f"{_place(found.id)}|verification")
    await repository.keep_verification(session, found.id, cell)


async def note(
    session: Session, account_id: UUID, *, now: datetime, error: ProviderError | None
) -> None:
    """How asking its provider went, for the health page."""
    failure = None if error is None else f"{type(error).__name__}: {error}"
    await repository.note(session, account_id, now=now, failure=failure)


def webhook_token(vault: Vault, account_id: UUID) -> str:
    """The secret part of the account's webhook address; always the same."""
    secret = vault.link_secret(f"payments|account|{account_id}")
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """What is stored of it."""
    return hashlib.sha256(token.encode()).digest()


async def _account_for(
    session: Session, scope: Scope, provider: ProviderName, account_id: UUID | None
) -> UUID | None:
    if provider in _INSIDE:
        return None
    if account_id is None:
        raise AccountNotFoundError
    found = await get(session, scope, account_id)
    if found.provider is not provider:
        raise AccountNotFoundError
    return found.id


def _check(credentials: Mapping[str, str], needed: Mapping[str, str]) -> None:
    missing = sorted(name for name in needed if not credentials.get(name, "").strip())
    unknown = sorted(set(credentials) - set(needed))
    # Without the webhook's secret nobody could tell a forged notice: it is never optional.
    if missing or unknown or not needed:
        raise CredentialsError(extra={"missing": missing, "unknown": unknown})


def _locked(vault: Vault, account_id: UUID, credentials: Mapping[str, str]) -> bytes:
    return vault.lock(json.dumps(dict(credentials)), context=_place(account_id))


def _place(account_id: UUID) -> str:
    return f"payments|account|{account_id}"
