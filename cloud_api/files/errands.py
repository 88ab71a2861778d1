"""How do sealed contents get into the store, and out of it again?

A content stays in the database until the store has it; a row becomes a tombstone only when the
store has let go. Both verbs are safe to say again, so a worker may die anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud_api.files import repository
from cloud_api.files.errors import StoreSilentError
from cloud_api.files.ports import ObjectStore
from cloud_api.files.service import CARRY, CLEAR
from cloud_api.files.types import Parcel
from cloud_api.kit.db import Session
from cloud_api.kit.errands import AnyErrand, Errand
from cloud_api.kit.jobs import Retry, Tools

# Longer than any store may take over 20 MB; see the adapters' own limits.
_LEASE: Final = timedelta(minutes=5)
_AT_ONCE: Final = 4
_PATIENCE: Final = Retry(tries=1_000_000, first=timedelta(seconds=2), longest=timedelta(hours=1))
# What is younger may be about to be noted.
_STRAY_AFTER: Final = timedelta(days=1)


def errands_of(store: ObjectStore) -> tuple[AnyErrand, ...]:
    """All that is told to this store."""
    hand = _Hand(store)
    return (
        Errand(CARRY, _take_parcels, hand.carry, _note_carried),
        Errand(CLEAR, _take_forgotten, hand.clear, _note_cleared),
        Errand(
            "files.clear_strays",
            _take_strays,
            hand.clear_stray,
            _note_stray,
            every=timedelta(minutes=10),
        ),
        Errand("files.sweep", _take_sweep, hand.look, _note_found, every=timedelta(hours=1)),
    )


async def _take_parcels(session: Session, _tools: Tools) -> Sequence[Parcel]:
    return await repository.take_parcels(session, most=_AT_ONCE, lease=_LEASE)


async def _note_carried(session: Session, parcel: Parcel, done: bool, _tools: Tools) -> None:  # noqa: FBT001 - an errand's result
    if done:
        await repository.stored(session, parcel.file_id)
    else:
        await repository.again(session, parcel.file_id, wait=_wait(parcel))


async def _take_forgotten(session: Session, _tools: Tools) -> Sequence[Parcel]:
    return await repository.take_forgotten(session, most=_AT_ONCE, lease=_LEASE)


async def _note_cleared(session: Session, parcel: Parcel, done: bool, _tools: Tools) -> None:  # noqa: FBT001 - an errand's result
    if done:
        await repository.gone(session, parcel.file_id)
    else:
        await repository.again(session, parcel.file_id, wait=_wait(parcel))


async def _take_strays(session: Session, _tools: Tools) -> Sequence[str]:
    return await repository.take_strays(session, most=_AT_ONCE, lease=_LEASE)


async def _note_stray(session: Session, name: str, done: bool, _tools: Tools) -> None:  # noqa: FBT001 - an errand's result
    if done:
        await repository.stray_gone(session, name)


async def _take_sweep(session: Session, tools: Tools) -> Sequence[datetime]:
    now = tools.clock.utc_now()
    begun = await repository.begin_sweep(session, now=now, every=_STRAY_AFTER)
    return [now - _STRAY_AFTER] if begun else []


async def _note_found(
    session: Session, _before: datetime, names: tuple[str, ...], _tools: Tools
) -> None:
    await repository.note_strays(session, names)


def _wait(parcel: Parcel) -> timedelta:
    return _PATIENCE.wait_after(parcel.tries) or _PATIENCE.longest


@dataclass(frozen=True, slots=True)
class _Hand:
    """Tells the store; True when it has done it."""

    store: ObjectStore

    async def carry(self, parcel: Parcel, _tools: Tools) -> bool:
        try:
            await self.store.put(parcel.object_name, parcel.sealed)
        except StoreSilentError:
            return False
        return True

    async def clear(self, parcel: Parcel, tools: Tools) -> bool:
        return await self.clear_stray(parcel.object_name, tools)

    async def clear_stray(self, name: str, _tools: Tools) -> bool:
        try:
            await self.store.delete(name)
        except StoreSilentError:
            return False
        return True

    async def look(self, before: datetime, _tools: Tools) -> tuple[str, ...]:
        try:
            return tuple(await self.store.names(before=before))
        except StoreSilentError:
            return ()
