"""By which channel does a message go, may it, and when?"""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.kit import errands
from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.metrics import MESSAGES_BLOCKED
from cloud_api.kit.vault import Vault
from cloud_api.messaging import repository
from cloud_api.messaging.models import MessageRow
from cloud_api.messaging.outbox.rules import packed
from cloud_api.messaging.outbox.types import Telling
from cloud_api.messaging.rules import (
    TRAITS,
    Caps,
    Way,
    Wishes,
    caps_on,
    exceeded,
    goes_at,
    masked,
    refused,
)
from cloud_api.messaging.types import (
    ChannelName,
    Medium,
    MessageState,
    PreferenceType,
    Reason,
    Recipient,
)
from cloud_api.messaging.wording import service as wording

SEND = "messaging.send"
# Somebody who opted out of one channel is tried by the next; a limit is not walked around.
_TRY_NEXT = frozenset({Reason.CHANNEL_OPTED_OUT, Reason.SMS_SWITCHED_OFF})


async def place(
    session: Session, vault: Vault, telling: Telling, way: Way, *, now: datetime
) -> list[UUID]:
    """Write the message for the first channel of the way that may take it.

    Channels that may not are written down as blocked, with their reason. The ids of all of them.
    """
    written: list[UUID] = []
    for number, channel in enumerate(way):
        reason, due = await _gate(session, vault, telling, channel.medium, now=now)
        row = await _row(session, vault, telling, channel, now=now)
        if reason is None:
            row.due_at, row.state = due, MessageState.WAITING
            row.next_channels = [each.value for each in way[number + 1 :]]
        else:
            row.reason = reason
            MESSAGES_BLOCKED.labels(channel, reason).inc()
        session.add(row)
        await session.flush()
        await repository.note(session, row, at=now, source="us", detail=row.reason or "")
        written.append(row.id)
        if reason is None:
            await errands.wake(session, SEND)
        if reason not in _TRY_NEXT:
            break
    return written


async def block(
    session: Session,
    vault: Vault,
    telling: Telling,
    channel: ChannelName,
    reason: Reason,
    *,
    now: datetime,
) -> UUID:
    """Write down that nothing goes, and why."""
    row = await _row(session, vault, telling, channel, now=now, with_text=False)
    row.reason = reason
    session.add(row)
    await session.flush()
    await repository.note(session, row, at=now, source="us", detail=reason)
    MESSAGES_BLOCKED.labels(channel, reason).inc()
    return row.id


def person_of(vault: Vault, to: Recipient, medium: Medium) -> str:
    """Whose wishes and limits count: the client's, or whoever has this address."""
    if to.client_id is not None:
        return str(to.client_id)
    return vault.fingerprint(to.at(medium) or "", context=f"messages/{medium}").hex()


def context_of(message_id: UUID) -> str:
    """Where a message's text rests."""
    return f"messages/{message_id}/content"


def spare_token(vault: Vault, message_id: UUID) -> str:
    """What proves that somebody got this message, and may refuse its kind."""
    proof = vault.fingerprint(message_id.hex, context="messages/unsubscribe")
    return message_id.hex + proof.hex()[:32]


async def _gate(
    session: Session, vault: Vault, telling: Telling, medium: Medium, *, now: datetime
) -> tuple[Reason | None, datetime]:
    trait, person = TRAITS[telling.event], person_of(vault, telling.to, medium)
    wishes = await _wishes(session, telling.organisation_id, person)
    caps = await caps_of(session, telling.organisation_id)
    earliest = max(now, telling.not_before)
    if (reason := refused(trait, medium, wishes, caps)) is not None:
        return reason, earliest
    local = goes_at(trait, wishes, earliest.astimezone(ZoneInfo(telling.zone)))
    limits = caps_on(trait, medium, caps, local)
    if limits:
        await repository.one_at_a_time(session, f"{telling.organisation_id}/{person}")
    counts = [
        await repository.count(
            session,
            telling.organisation_id,
            person,
            medium,
            since=each.since.astimezone(UTC),
            until=each.until.astimezone(UTC),
        )
        for each in limits
    ]
    return exceeded(limits, counts), local.astimezone(UTC)


async def _wishes(session: Session, organisation_id: UUID, person: str) -> Wishes:
    row = await repository.preferences_of(session, organisation_id, person)
    if row is None:
        return Wishes()
    return Wishes(
        {Medium(name): bool(on) for name, on in row.media.items()},
        {PreferenceType(name): bool(on) for name, on in row.kinds.items()},
        row.hours_from,
        row.hours_until,
    )


async def caps_of(session: Session, organisation_id: UUID) -> Caps:
    """The organisation's limits."""
    row = await repository.settings_of(session, organisation_id)
    if row is None:
        return Caps()
    return Caps(
        row.sms_on, row.sms_per_day, row.sms_per_month, row.email_per_week, row.email_per_month
    )


async def _row(
    session: Session,
    vault: Vault,
    telling: Telling,
    channel: ChannelName,
    *,
    now: datetime,
    with_text: bool = True,
) -> MessageRow:
    message_id, address = new_id(), telling.to.at(channel.medium) or ""
    cell, language = None, telling.to.language
    if with_text:
        written, language = await wording.written_for(
            session,
            telling.organisation_id,
            telling.event,
            channel.medium,
            telling.values,
            language=telling.to.language,
            zone=telling.zone,
        )
        plain = packed(telling, written, address=address)
        cell = vault.lock(plain, context=context_of(message_id))
    return MessageRow(
        id=message_id,
        organisation_id=telling.organisation_id,
        key=telling.key,
        event=telling.event,
        channel=channel,
        client_id=telling.to.client_id,
        person=person_of(vault, telling.to, channel.medium),
        subject_id=telling.subject_id,
        language=language,
        to_masked=masked(address) if address else "",
        to_hash=vault.fingerprint(address, context=f"messages/{channel.medium}"),
        content=cell,
        next_channels=[],
        state=MessageState.BLOCKED,
        detail="",
        due_at=max(now, telling.not_before),
        useful_until=telling.useful_until,
        begun=False,
        tries=0,
        created_at=now,
    )
