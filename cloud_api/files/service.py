"""How is a private file kept, read again, and forgotten?

`keep` puts the sealed content into the database with the caller's transaction, so that a file is
there exactly when what it belongs to is; an errand carries it into the store afterwards. `forget`
destroys the file's key in the caller's transaction: from then on it is noise wherever it lies, and
an errand clears the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request

from cloud_api.files import repository, rules, sealing
from cloud_api.files.errors import (
    FileDamaged,
    FilesUnavailable,
    ObjectGoneError,
    StoreSilentError,
)
from cloud_api.files.pictures import service as pictures
from cloud_api.files.ports import ObjectStore
from cloud_api.files.types import PICTURES, Content, Endless, FileRef, Purpose
from cloud_api.kit.db import Json, JsonObject, Session
from cloud_api.kit.errands import wake
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.vault import Vault

CARRY = "files.carry"
CLEAR = "files.clear"
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Cabinet:
    """What it takes to read a file; the composition root makes one."""

    vault: Vault
    store: ObjectStore


async def _cabinet_of(request: Request) -> Cabinet:
    return cast("Cabinet", request.app.state.cabinet)


CabinetOf = Annotated[Cabinet, Depends(_cabinet_of)]
"""For endpoints: `cabinet: CabinetOf`."""


async def keep(
    session: Session,
    vault: Vault,
    *,
    organisation_id: UUID,
    content: bytes,
    media_type: str | None,
    purpose: Purpose,
    delete_after: timedelta | None,
    name: str,
    client_id: UUID | None = None,
    reservation_id: UUID | None = None,
) -> FileRef:
    """Keep a content for a purpose, with the caller's transaction.

    The content's first bytes decide what it is; `media_type` is what the sender said. Pictures lose
    everything a camera wrote beside them. `delete_after` counts from now; None: until it is
    forgotten. Raises FileTypeRefused, FileTooLarge and PictureRefused.
    """
    found = rules.judge(purpose, content, media_type)
    if found in PICTURES:
        content = await pictures.cleaned(content, found)
    file_id = new_id()
    wrapped, sealed = sealing.seal(
        vault, organisation_id=organisation_id, file_id=file_id, content=content
    )
    kept = await repository.keep(
        session,
        {
            "id": file_id,
            "organisation_id": organisation_id,
            "purpose": purpose.value,
            "name": name[:_LONGEST_NAME],
            "media_type": found.value,
            "size": len(content),
            "fingerprint": sealing.fingerprint(
                vault, organisation_id=organisation_id, content=content
            ),
            "wrapped_key": wrapped,
            "object_name": new_id().hex,
            "client_id": client_id,
            "reservation_id": reservation_id,
            "delete_after": delete_after,
            "sealed": sealed,
        },
    )
    await wake(session, CARRY)
    return kept


async def read(
    session: Session, cabinet: Cabinet, *, organisation_id: UUID, file_id: UUID
) -> Content:
    """The content, to this organisation alone. Call it while no transaction is open.

    Raises NotFound, FilesUnavailable, and FileDamaged where the store gives something else.
    """
    found = await repository.resting(session, organisation_id, file_id)
    if found is None:
        raise NotFound
    sealed = found.sealed or await _fetched(cabinet.store, found.object_name)
    content = sealing.unseal(
        cabinet.vault,
        organisation_id=organisation_id,
        file_id=file_id,
        wrapped_key=found.wrapped_key,
        sealed=sealed,
    )
    return Content(found.ref, content)


async def same_content(
    session: Session, vault: Vault, *, organisation_id: UUID, purpose: Purpose, content: bytes
) -> FileRef | None:
    """A file kept for this purpose whose content is this, byte for byte."""
    print_of = sealing.fingerprint(vault, organisation_id=organisation_id, content=content)
    return await repository.remembered(session, organisation_id, purpose, print_of)


async def forget(session: Session, *, organisation_id: UUID, file_ids: Sequence[UUID]) -> int:
    """Make these unreadable with the caller's transaction; how many were there. Twice is once."""
    gone = await repository.forget(session, organisation_id, file_ids)
    if gone:
        await wake(session, CLEAR)
    return len(gone)


async def limit(
    session: Session,
    *,
    organisation_id: UUID,
    reservation_id: UUID,
    purpose: Purpose,
    until: datetime,
) -> None:
    """Let a booking's files of this purpose go at this instant, where not earlier."""
    await repository.limit(session, organisation_id, reservation_id, purpose, until=until)


async def count(
    session: Session, *, organisation_id: UUID, reservation_id: UUID, purpose: Purpose
) -> int:
    """How many files of this purpose a booking has, to keep one more only below a bound."""
    return await repository.count(session, organisation_id, reservation_id, purpose)


async def endless(session: Session, *, most: int) -> list[Endless]:
    """Bookings with files whose end is not set, of every tenant."""
    return await repository.endless(session, most=most)


async def export_person(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> Json:
    """What files there are about a person; their contents are read one by one."""
    found = await repository.of_person(session, organisation_id, client_id, reservation_ids)
    return [_entry(each) for each in found if each.purpose is not Purpose.EXPORT]


async def erase_person(
    session: Session,
    organisation_id: UUID,
    client_id: UUID,
    reservation_ids: Sequence[UUID],
    *,
    spare: frozenset[Purpose],
) -> int:
    """Forget every file about a person; spared purposes only lose their names. How many went."""
    found = await repository.of_person(session, organisation_id, client_id, reservation_ids)
    ids = [each.id for each in found if each.purpose not in spare]
    await repository.unname(session, organisation_id, [each.id for each in found])
    return await forget(session, organisation_id=organisation_id, file_ids=ids)


async def _fetched(store: ObjectStore, name: str) -> bytes:
    try:
        return await store.get(name)
    except ObjectGoneError:
        raise FileDamaged("the store has lost it") from None
    except StoreSilentError:
        raise FilesUnavailable from None


def _entry(ref: FileRef) -> JsonObject:
    return {
        "id": str(ref.id),
        "purpose": ref.purpose.value,
        "name": ref.name,
        "media_type": ref.media_type.value,
        "size": ref.size,
        "kept_at": ref.created_at.isoformat(),
        "kept_until": ref.delete_at.isoformat() if ref.delete_at else None,
        "reservation_id": str(ref.reservation_id) if ref.reservation_id else None,
    }
