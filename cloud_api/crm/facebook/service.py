"""Which application of Facebook's is the organisation's?"""

from datetime import datetime
from uuid import UUID

from cloud_api.crm.facebook import repository
from cloud_api.crm.facebook.errors import FacebookNotHere
from cloud_api.crm.facebook.logins.graph import who_is
from cloud_api.crm.facebook.schemas import FacebookAppIn, FacebookAppOut
from cloud_api.crm.facebook.types import FacebookApp
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault

__all__ = ["application", "keep", "read", "remove", "who_is"]


async def read(session: Session, scope: Scope) -> FacebookAppOut:
    """The caller's, without its secret. Raises NotFound."""
    row = await repository.read(session, scope.organisation_id)
    if row is None:
        raise NotFound
    return FacebookAppOut(app_id=row.app_id, changed_at=row.changed_at)


async def keep(
    session: Session, scope: Scope, vault: Vault, wanted: FacebookAppIn, *, now: datetime
) -> FacebookAppOut:
    """Use this application from now on."""
    mine = scope.organisation_id
    secret = vault.lock(wanted.app_secret.get_secret_value(), context=_place(mine))
    await repository.write(session, mine, app_id=wanted.app_id, secret=secret, now=now)
    kept = FacebookAppOut(app_id=wanted.app_id, changed_at=now)
    await audit.record(
        session,
        scope,
        action=Deed.FACEBOOK_APP_KEPT,
        object_type="organisation",
        object_id=mine,
        after=kept,
    )
    return kept


async def remove(session: Session, scope: Scope) -> None:
    """Link nobody any more; links there are stay. Raises NotFound."""
    if not await repository.remove(session, scope):
        raise NotFound
    await audit.record(
        session,
        scope,
        action=Deed.FACEBOOK_APP_REMOVED,
        object_type="organisation",
        object_id=scope.organisation_id,
    )


async def application(session: Session, vault: Vault, organisation_id: UUID) -> FacebookApp:
    """The organisation's, opened. Raises FacebookNotHere."""
    row = await repository.read(session, organisation_id)
    if row is None:
        raise FacebookNotHere
    secret = vault.unlock(row.secret, context=_place(organisation_id))
    return FacebookApp(organisation_id, row.app_id, secret)


def _place(organisation_id: UUID) -> str:
    return f"facebook app {organisation_id}"
