"""How is somebody told something, once for each fact?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from cloud_api.kit import audit, errands
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Json, Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.messaging import repository
from cloud_api.messaging.errors import MessageOnItsWay, MessageTextGone
from cloud_api.messaging.models import MessageRow
from cloud_api.messaging.outbox import writing
from cloud_api.messaging.outbox.types import Telling
from cloud_api.messaging.rules import MAY_GO_AGAIN, TRAITS, Way
from cloud_api.messaging.types import (
    Attachment,
    ChannelName,
    FileRef,
    MessageEvent,
    MessageState,
    Reason,
    Recipient,
    Value,
)
from cloud_api.messaging.wording.rules import checked

_SAME = (
    *("organisation_id", "event", "channel", "client_id", "person", "subject_id", "language"),
    *("to_masked", "to_hash"),
)
USEFUL_FOR = timedelta(days=3)


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
    by: Way | None = None,
) -> tuple[UUID, ...]:
    """Write what somebody is to be told into the caller's transaction; a worker sends it.

    At most once for each `key` in the organisation: told again, the first ids are answered and
    nothing is written. Answers the ids of the messages, blocked ones too.

    `variables` are exactly those of the event (`wording.rules.VARIABLES`); UnknownVariablesError or
    MissingVariablesError otherwise. `zone` is the house's (IANA): instants are written in it, and
    contact hours are meant in it; the organisation's by default. Nothing goes out before
    `not_before`, and what has not gone by `useful_until` is given up as too late. `subject_id` is
    what it is about (a reservation): `withdraw` finds it by that. `by`: these channels alone.
    """
    values = checked(event, variables)
    if not await repository.claim(session, organisation_id, key, now=now):
        return tuple(await repository.ids_of(session, organisation_id, key))
    starts = max(now, not_before or now)
    telling = Telling(
        organisation_id=organisation_id,
        event=event,
        key=key,
        to=to,
        values=values,
        attachments=tuple(attachments),
        subject_id=subject_id,
        zone=zone or await _zone(session, organisation_id),
        not_before=starts,
        useful_until=useful_until or starts + USEFUL_FOR,
    )
    return tuple(await _place(session, vault, telling, by, now=now))


async def withdraw(
    session: Session,
    organisation_id: UUID,
    *,
    subject_id: UUID,
    events: Sequence[MessageEvent],
    now: datetime,
) -> int:
    """Have what still waits about this subject not go out: it is not true any more. How many."""
    rows = await repository.withdraw(session, organisation_id, subject_id, events)
    for row in rows:
        await repository.note(session, row, at=now, source="us", detail=Reason.WITHDRAWN)
    return len(rows)


async def resend(
    session: Session, scope: Scope, vault: Vault, message_id: UUID, *, now: datetime
) -> MessageRow:
    """Send the same text to the same person again, as a message of its own.

    Raises NotFound, MessageOnItsWay, MessageTextGone.
    """
    old = await repository.find(session, scope, message_id, lock=True)
    if old is None:
        raise NotFound
    if old.state not in MAY_GO_AGAIN:
        raise MessageOnItsWay
    if old.content is None:
        raise MessageTextGone
    fresh = new_id()
    plain = vault.unlock(old.content, context=writing.context_of(old.id))
    row = MessageRow(
        **{name: getattr(old, name) for name in _SAME},
        id=fresh,
        key=f"{old.key}#{fresh.hex[:8]}",
        content=vault.lock(plain, context=writing.context_of(fresh)),
        next_channels=[],
        state=MessageState.WAITING,
        detail="",
        due_at=now,
        useful_until=now + USEFUL_FOR,
        begun=False,
        tries=0,
        resend_of=old.id,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    await repository.note(session, row, at=now, source="staff")
    await audit.record(
        session, scope, action=Deed.MESSAGE_RESENT, object_type="message", object_id=old.id
    )
    await errands.wake(session, writing.SEND)
    return row


async def spare(session: Session, vault: Vault, token: str, *, now: datetime) -> None:
    """Whoever got this message wants no more of its kind. Raises NotFound."""
    message_id = UUID(token[:32])
    if not compare_digest(token, writing.spare_token(vault, message_id)):
        raise NotFound
    row = await repository.lock(session, message_id)
    if row is None or (kind := TRAITS[row.event].kind) is None:
        raise NotFound
    await repository.refuse(session, row.organisation_id, row.person, kind, now=now)


async def _place(
    session: Session, vault: Vault, telling: Telling, by: Way | None, *, now: datetime
) -> list[UUID]:
    own = await repository.event_settings(session, telling.organisation_id, telling.event)
    ways = TRAITS[telling.event].ways if own is None else _ways(own.ways)
    if by is not None:
        ways = (by,)
    if own is not None and not own.active:
        return [await writing.block(session, vault, telling, ways[0][0], Reason.EVENT_OFF, now=now)]
    there = await repository.channels_of(session, telling.organisation_id)
    open_ways = [
        tuple(each for each in way if each in there and telling.to.at(each.medium)) for way in ways
    ]
    if not any(open_ways):
        return [
            await writing.block(session, vault, telling, ways[0][0], Reason.NO_CHANNEL, now=now)
        ]
    ids: list[UUID] = []
    for way in open_ways:
        ids += await writing.place(session, vault, telling, way, now=now)
    return ids


async def _zone(session: Session, organisation_id: UUID) -> str:
    row = await repository.settings_of(session, organisation_id)
    return (row.zone if row is not None else None) or "UTC"


def _ways(kept: list[Json]) -> tuple[Way, ...]:
    return tuple(
        tuple(ChannelName(str(each)) for each in way) for way in kept if isinstance(way, list)
    )
