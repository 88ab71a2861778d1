"""Where is each grant's key, and until when may the house honour what was taken away?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.access.models import GrantRow
from cloud_api.access.types import Key, KeyState
from cloud_api.fleet import service as fleet_service
from cloud_api.fleet.unheard.types import GrantDelivery, GrantPlace
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session

_STATES = {
    GrantPlace.HELD: KeyState.IN_HOUSE,
    GrantPlace.COMING: KeyState.ON_THE_WAY,
    GrantPlace.GONE: KeyState.GONE,
    GrantPlace.NOT_ENROLLED: KeyState.NOT_ENROLLED,
    GrantPlace.FROZEN: KeyState.FROZEN,
}


async def keys_of(session: Session, clock: Clock, rows: Sequence[GrantRow]) -> dict[UUID, Key]:
    """The key of each of these grants, by the grant's id; asked together."""
    await session.flush()
    now = clock.utc_now()
    wanted = [(row.id, row.house_id) for row in rows]
    found = await fleet_service.grant_deliveries(session, wanted, clock=clock)
    return {grant: _key(delivery, now) for grant, delivery in found.items()}


async def key_of(session: Session, clock: Clock, row: GrantRow) -> Key:
    """The key of one grant."""
    return (await keys_of(session, clock, [row]))[row.id]


def _key(delivery: GrantDelivery, now: datetime) -> Key:
    worst = delivery.worst_case
    minutes = None if worst is None else max(0, -((now - worst) // timedelta(minutes=1)))
    return Key(_STATES[delivery.place], worst, minutes)
