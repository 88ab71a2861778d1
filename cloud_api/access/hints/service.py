"""What is done when the vendor says that something happened at a lock?

Its messages are unsigned, may be forged, come late, twice or not at all, and carry PINs in clear.
So nothing of them is kept but which record they speak of, and nothing follows but a second look.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cloud_api.access.errors import HookUnknownError
from cloud_api.access.events import LockSpoke
from cloud_api.access.hints import repository
from cloud_api.access.hints.schemas import HeardRecord
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.vault import Vault


def path_of(vault: Vault, organisation_id: UUID) -> str:
    """The organisation's own address for the vendor; nobody can guess it."""
    return f"/api/v1/hooks/lock-vendor/{organisation_id}/{_secret(vault, organisation_id)}"


def require_secret(vault: Vault, organisation_id: UUID, shown: str) -> None:
    """HookUnknownError unless this is the organisation's own address."""
    right = _secret(vault, organisation_id)
    if not hmac.compare_digest(shown.encode(), right.encode()):
        raise HookUnknownError


async def hear(
    session: Session,
    organisation_id: UUID,
    *,
    vendor_lock: int,
    records: Sequence[HeardRecord],
    now: datetime,
) -> None:
    """Publish one LockSpoke when anything is new; unknown locks and repeats say nothing."""
    lock_id = await repository.lock_of(session, organisation_id, vendor_lock)
    if lock_id is None:
        return
    if await repository.note(session, organisation_id, lock_id, records, now=now):
        spoke = LockSpoke(lock_id=lock_id, organisation_id=organisation_id)
        await publish(session, spoke, organisation_id=organisation_id)


def _secret(vault: Vault, organisation_id: UUID) -> str:
    return vault.link_secret(f"lock-vendor-hook|{organisation_id}").hex()
