"""How often, by which ways and of what does an organisation write?"""

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging import repository as messages
from cloud_api.messaging.limits import repository
from cloud_api.messaging.limits.schemas import LimitsIO, WaysIn, WaysOut
from cloud_api.messaging.models import EventSettingsRow
from cloud_api.messaging.rules import TRAITS
from cloud_api.messaging.types import ChannelName, MessageEvent


async def show(session: Session, scope: Scope) -> LimitsIO:
    """How often a person is written to at most."""
    row = await messages.settings_of(session, scope.organisation_id)
    return LimitsIO() if row is None else LimitsIO.model_validate(row)


async def keep(session: Session, scope: Scope, wanted: LimitsIO) -> LimitsIO:
    """Set how often."""
    before = await show(session, scope)
    await repository.keep(session, scope, wanted.model_dump())
    await audit.record(
        session,
        scope,
        action=Deed.MESSAGING_CONFIGURED,
        object_type="organisation",
        object_id=scope.organisation_id,
        before=before,
        after=wanted,
    )
    return wanted


async def ways(session: Session, scope: Scope) -> list[WaysOut]:
    """How each event is told."""
    own = await repository.events(session, scope)
    return [_out(event, own.get(event)) for event in MessageEvent]


async def keep_ways(session: Session, scope: Scope, event: MessageEvent, wanted: WaysIn) -> WaysOut:
    """Set whether an event is told, and by which ways."""
    plain = [[each.value for each in way] for way in wanted.ways]
    await repository.keep_event(session, scope, event, {"active": wanted.active, "ways": plain})
    await audit.record(
        session,
        scope,
        action=Deed.EVENT_ROUTED,
        object_type="message_event",
        object_id=event,
        after=wanted,
    )
    return WaysOut(event=event, active=wanted.active, ways=wanted.ways, own=True)


def _out(event: MessageEvent, row: EventSettingsRow | None) -> WaysOut:
    if row is None:
        default = [list(way) for way in TRAITS[event].ways]
        return WaysOut(event=event, active=True, ways=default, own=False)
    kept = [[ChannelName(str(each)) for each in way] for way in row.ways if isinstance(way, list)]
    return WaysOut(event=event, active=row.active, ways=kept, own=True)
