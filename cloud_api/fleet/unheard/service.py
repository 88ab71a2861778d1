"""How far is the house with each grant, and until when may it honour what was taken away?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cloud_api.fleet.unheard import repository
from cloud_api.fleet.unheard.repository import GrantStanding
from cloud_api.fleet.unheard.rules import latest
from cloud_api.fleet.unheard.types import GrantDelivery, GrantPlace, StillOut
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session


async def house_worst_case(session: Session, house_id: UUID, *, now: datetime) -> datetime | None:
    """When a house that hears nothing more honours nothing it should not; None: so already."""
    known = latest(await repository.still_out(session, [house_id], now=now))
    unknown = await repository.unknown_out(session, house_id, now=now)
    return max((each for each in (known, unknown) if each is not None), default=None)


async def grant_deliveries(
    session: Session, wanted: Sequence[tuple[UUID, UUID]], *, clock: Clock
) -> dict[UUID, GrantDelivery]:
    """How far the house is with each of these (grant, house); two statements for all of them.

    A house nobody has described yet counts as not enrolled.
    """
    now = clock.utc_now()
    standings = await repository.standings(session, wanted, now=now)
    outs = await repository.still_out(session, sorted({each for _, each in wanted}), now=now)
    found = {grant: GrantDelivery(GrantPlace.NOT_ENROLLED, None) for grant, _ in wanted}
    for each in standings:
        own = [out for out in outs if out.grant_id == each.grant_id]
        worst = latest(own)
        if each.made_in_house and each.withdrawn and not each.burial_known:
            worst = await repository.unknown_out(session, each.house_id, now=now)
        found[each.grant_id] = GrantDelivery(_place(each, own, worst), worst)
    return found


async def forget_heard(session: Session, *, before: datetime) -> None:
    """Drop what no house can act on any more."""
    await repository.prune(session, before=before)


def _place(standing: GrantStanding, outs: Sequence[StillOut], worst: datetime | None) -> GrantPlace:
    if not standing.enrolled:
        return GrantPlace.NOT_ENROLLED
    if standing.frozen:
        return GrantPlace.FROZEN
    if standing.withdrawn:
        return GrantPlace.COMING if worst is not None else GrantPlace.GONE
    if standing.made_in_house:
        return GrantPlace.HELD
    return GrantPlace.HELD if standing.held and not outs else GrantPlace.COMING
