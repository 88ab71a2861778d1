"""What are the tiers of an organisation's people?"""

from uuid import UUID

from cloud_api.clients.tiers import repository
from cloud_api.clients.tiers.schemas import TiersIO
from cloud_api.clients.types import TierSettings
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope


async def settings_of(session: Session, organisation_id: UUID) -> TierSettings:
    """The organisation's own, or the defaults."""
    row = await repository.read(session, organisation_id)
    if row is None:
        return TierSettings()
    return TiersIO.model_validate(
        {"regular_from": row.regular_from, "super_above": row.super_above, **row.limits}
    ).settings()


async def change(session: Session, scope: Scope, wanted: TiersIO) -> TiersIO:
    """Other tiers from now on; nobody who is super becomes less."""
    mine = scope.organisation_id
    before = TiersIO.of(await settings_of(session, mine))
    limits = wanted.model_dump(mode="json", include={"allowances", "anonymous_per_minute"})
    await repository.write(
        session,
        mine,
        regular_from=wanted.regular_from,
        super_above=wanted.super_above,
        limits=limits,
    )
    await audit.record(
        session,
        scope,
        action=Deed.TIERS_CHANGED,
        object_type="organisation",
        object_id=mine,
        before=before,
        after=wanted,
    )
    return wanted
