"""What happens to a webhook at the door? It is kept as it came; what it says is not believed.

A genuine one makes a worker read the payment again. A forged one is kept and counted, and nothing
follows from it.
"""

import hashlib
import json

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errands import wake
from cloud_api.kit.metrics import PAYMENT_NOTICES
from cloud_api.kit.vault import Vault
from cloud_api.payments.accounts import repository as accounts_repository
from cloud_api.payments.accounts import service as accounts
from cloud_api.payments.errors import ForgedNoticeError
from cloud_api.payments.models import AccountRow
from cloud_api.payments.notices import repository
from cloud_api.payments.ports import Provider
from cloud_api.payments.types import Heed, Notice

HEED = "payments.heed"


async def receive(
    session: Session,
    account: AccountRow,
    provider: Provider,
    notice: Notice,
    *,
    vault: Vault,
    clock: Clock,
) -> bool:
    """Keep it; False where its provider has not signed it."""
    try:
        heed = provider.heed(accounts.opened(vault, account), notice, now=clock.utc_now())
    except ForgedNoticeError:
        await _keep_forged(session, account, notice, vault)
        return False
    await _keep(session, account, notice, heed, vault=vault, clock=clock)
    if heed.verification_code is not None:
        await accounts.keep_verification(session, vault, account, heed.verification_code)
    return True


async def _keep(
    session: Session,
    account: AccountRow,
    notice: Notice,
    heed: Heed,
    *,
    vault: Vault,
    clock: Clock,
) -> None:
    told_of_none = heed.ignored is not None or (heed.reference is None and heed.provider_id is None)
    await repository.keep(
        session,
        organisation_id=account.organisation_id,
        account_id=account.id,
        event_id=heed.event_id,
        body=_sealed(vault, account, notice),
        genuine=True,
        reference=heed.reference or "",
        provider_id=heed.provider_id or "",
        ignored=heed.ignored or "",
        due_at=None if told_of_none else clock.utc_now(),
    )
    outcome = "ignored" if told_of_none else "kept"
    PAYMENT_NOTICES.labels(account.provider.value, outcome).inc()
    if not told_of_none:
        await wake(session, HEED)


async def _keep_forged(session: Session, account: AccountRow, notice: Notice, vault: Vault) -> None:
    PAYMENT_NOTICES.labels(account.provider.value, "forged").inc()
    await accounts_repository.count_forged(session, account.id)
    digest = hashlib.sha256(notice.body).hexdigest()
    await repository.keep(
        session,
        organisation_id=account.organisation_id,
        account_id=account.id,
        event_id=f"forged {digest}",
        body=_sealed(vault, account, notice),
        genuine=False,
    )


def _sealed(vault: Vault, account: AccountRow, notice: Notice) -> bytes:
    # Without its headers: they hold what proves a notice.
    said = {"query": dict(notice.query), "body": notice.body.decode("latin-1")}
    return vault.lock(json.dumps(said), context=f"payments|notice|{account.id}")
