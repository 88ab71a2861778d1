"""How is somebody told something, once for each fact?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.vault import Vault
from cloud_api.messaging.types import Attachment, FileRef, MessageEvent, Recipient, Value


async def tell(
    session: Session,
    organisation_id: UUID,
    *,
    event: MessageEvent,
    to: Recipient,
    variables: Mapping[str, Value],
    key: str,
    vault: Vault,
    now: datetime,
    attachments: Sequence[FileRef | Attachment] = (),
    subject_id: UUID | None = None,
    zone: str | None = None,
    not_before: datetime | None = None,
    useful_until: datetime | None = None,
) -> tuple[UUID, ...]:
    """Write what somebody is to be told into the caller's transaction; a worker sends it.

    At most once for each `key` in the organisation: told again, the first ids are answered and
    nothing is written. Answers the ids of the messages, blocked ones too.

    `variables` are exactly those of the event (`wording.rules.VARIABLES`); UnknownVariablesError or
    MissingVariablesError otherwise. `zone` is the house's (IANA): instants are written in it, and
    contact hours are meant in it; the organisation's by default. Nothing goes out before
    `not_before`, and what has not gone by `useful_until` is given up as too late. `subject_id` is
    what it is about (a reservation): `withdraw` finds it by that.
    """
    raise NotImplementedError


async def withdraw(
    session: Session,
    organisation_id: UUID,
    *,
    subject_id: UUID,
    events: Sequence[MessageEvent],
    now: datetime,
) -> int:
    """Have what still waits about this subject not go out: it is not true any more. How many."""
    raise NotImplementedError
