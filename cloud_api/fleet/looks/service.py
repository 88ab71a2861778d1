"""How is a house told, soon and not too often, that one of its locks is worth a look?"""

from datetime import timedelta
from uuid import UUID

from cloud_api.fleet.looks import repository
from cloud_api.fleet.looks.repository import Wanted
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.repository import notify
from cloud_api.fleet.types import CHANNEL_WORK, Letter
from cloud_api.kit.db import Session
from protocol.envelope import Kind
from protocol.ids import HouseId, LockId
from protocol.live import LOOK_EVERY_SECONDS, Look
from protocol.topics import Down

LIVES_SECONDS = 60
"""A house that was away for longer looks anyway when it is back."""


async def want(session: Session, lock_id: UUID, organisation_id: UUID) -> None:
    """The lock spoke. A lock nobody knows, or of a house without a device, is left alone."""
    if await repository.want(session, lock_id, organisation_id):
        await notify(session, CHANNEL_WORK, f"look {lock_id}")


async def claim(session: Session, desk: Desk, *, most: int) -> tuple[Letter, ...]:
    """The hints to be sent now; at most one a lock in ten seconds, the last one is never lost."""
    wanted = await repository.claim(
        session, pause_seconds=LOOK_EVERY_SECONDS, stale_seconds=LIVES_SECONDS, most=most
    )
    return tuple([await _letter(each, desk) for each in wanted])


async def prune(session: Session) -> None:
    """Forget locks that have been quiet."""
    await repository.prune(session)


async def _letter(wanted: Wanted, desk: Desk) -> Letter:
    look = Look(
        house=HouseId(wanted.house_id),
        lock=LockId(wanted.lock_id),
        until=desk.clock.utc_now() + timedelta(seconds=LIVES_SECONDS),
    )
    frame = await desk.sealer.seal(Kind.LOOK, look.to_bytes())
    return Letter(wanted.house_id, Down.LOOK, frame, LIVES_SECONDS)
