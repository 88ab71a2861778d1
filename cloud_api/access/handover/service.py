"""Is a stay's key where it should be, and with which words is it handed over?"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cloud_api.access.grants import pins
from cloud_api.access.grants.types import Makings
from cloud_api.access.guests.rules import lan_way
from cloud_api.access.handover import repository
from cloud_api.access.handover.types import Handover, KeyStanding, Standing
from cloud_api.access.keys.service import keys_of
from cloud_api.access.models import PinRow
from cloud_api.access.types import KeyState
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.properties import service as properties
from protocol.facts import PinState

_PROVEN: Final = frozenset({PinState.READ_BACK.value, PinState.FIRST_USED.value})


async def standings(
    session: Session, clock: Clock, reservation_ids: Sequence[UUID]
) -> dict[UUID, KeyStanding]:
    """Where the keys of these stays stand; a stay without a live grant is missing."""
    grants = await repository.live_grants(session, reservation_ids)
    keys = await keys_of(session, clock, grants)
    found: defaultdict[UUID, list[PinRow]] = defaultdict(list)
    for pin in await repository.wanted_pins(session, [grant.id for grant in grants]):
        found[pin.grant_id].append(pin)
    return {
        grant.reservation_id: _standing(keys[grant.id].state, found[grant.id])
        for grant in grants
        if grant.reservation_id is not None
    }


async def handover(session: Session, makings: Makings, reservation_id: UUID) -> Handover | None:
    """The stay's links and PIN; None while it has no live grant."""
    grants = await repository.live_grants(session, [reservation_id])
    if not grants:
        return None
    grant = grants[0]
    pair = makings.links(grant.id, grant.generation, grant.house_id)
    layout = await properties.house_layout(session, grant.house_id)
    way = lan_way(layout.lan_addresses, pair.lan_secret, house_online=True)
    return Handover(
        starts=grant.starts,
        ends=grant.ends,
        path=f"/stay#{pair.cloud_secret}",
        lan_url=way.links[0] if way is not None else None,
        pin=await pins.shown(session, makings, grant.id),
    )


async def is_to_come(session: Session, reservation_id: UUID) -> bool:
    """Nobody has made this stay's key yet; one that was taken away does not come back by itself."""
    return not await repository.has_any_grant(session, reservation_id)


def _standing(key: KeyState, wanted: list[PinRow]) -> KeyStanding:
    credential = wanted[0].id if wanted else None
    if key is KeyState.NOT_ENROLLED:
        return KeyStanding(Standing.NONE, credential)
    is_ready = key is KeyState.IN_HOUSE and all(pin.state in _PROVEN for pin in wanted)
    return KeyStanding(Standing.READY if is_ready else Standing.AWAITED, credential)
