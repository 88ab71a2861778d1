"""How are messages, and what was agreed about them, read and written?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.messaging.models import (
    ChannelAccountRow,
    EventSettingsRow,
    HistoryRow,
    MessageRow,
    MessagingSettingsRow,
    PreferencesRow,
    StrayNewsRow,
)
from cloud_api.messaging.rules import DAY_BEGINS, DAY_ENDS
from cloud_api.messaging.types import (
    ChannelName,
    Medium,
    MessageEvent,
    MessageState,
    PreferenceType,
    Reason,
)

_TOLD = text(
    "INSERT INTO messages_told (organisation_id, key, told_at)"
    " VALUES (:organisation_id, :key, :now) ON CONFLICT DO NOTHING RETURNING true"
)
_HISTORY = text(
    "INSERT INTO messages_history"
    " (message_id, organisation_id, at, state, detail, source, event_id)"
    " VALUES (:message_id, :organisation_id, :at, :state, :detail, :source, :event_id)"
    " ON CONFLICT DO NOTHING RETURNING true"
)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:person, 21))")
_DUE = text("""
UPDATE messages AS m SET state = 'sending', lease_until = :lease, tries = m.tries + 1,
    account_id = due.account, begun = true
FROM (
    SELECT m.id, a.id AS account, m.begun FROM messages AS m
    JOIN channel_accounts AS a ON a.organisation_id = m.organisation_id
        AND a.channel = m.channel AND a.active
    WHERE ((m.state = 'waiting' AND m.due_at <= :now)
            OR (m.state = 'sending' AND m.lease_until < :now))
        AND coalesce(a.paused_until, :now) <= :now
    ORDER BY m.due_at LIMIT :most FOR UPDATE OF m SKIP LOCKED
) AS due
WHERE m.id = due.id
RETURNING m.id, m.organisation_id, m.event, m.channel, m.language, m.content, m.tries,
    m.account_id, m.useful_until, due.begun AS again
""")
_REFUSE = text("""
INSERT INTO message_preferences
    (organisation_id, person, kinds, hours_from, hours_until, changed_at)
VALUES (:organisation_id, :person, jsonb_build_object(CAST(:kind AS text), false), :from, :until,
    :now)
ON CONFLICT (organisation_id, person) DO UPDATE SET changed_at = :now,
    kinds = message_preferences.kinds || jsonb_build_object(CAST(:kind AS text), false)
""")
_STATISTICS = text("""
SELECT state, event, channel, cost_currency, count(*) AS messages,
    coalesce(sum(cost_minor), 0)::bigint AS cost_minor
FROM messages WHERE organisation_id = :organisation_id AND created_at >= :since
GROUP BY state, event, channel, cost_currency ORDER BY state, event, channel, cost_currency
""")
_OF_TELLER = "the organisation is the condition; whoever tells has no scope"
_OF_WORKER = "the worker sends for every tenant"
_SORTING: dict[str, Column] = {
    "created_at": MessageRow.created_at,
    "sent_at": MessageRow.sent_at,
    "state": MessageRow.state,
    "channel": MessageRow.channel,
    "event": MessageRow.event,
}


async def claim(session: Session, organisation_id: UUID, key: str, *, now: datetime) -> bool:
    """Is this fact told for the first time? Waits for another transaction just telling it."""
    found = await session.scalar(
        _TOLD, {"organisation_id": organisation_id, "key": key, "now": now}
    )
    return found is not None


async def ids_of(session: Session, organisation_id: UUID, key: str) -> list[UUID]:
    """The messages of a fact."""
    statement = (
        select(MessageRow.id)
        .where(MessageRow.organisation_id == organisation_id, MessageRow.key == key)
        .order_by(MessageRow.created_at, MessageRow.id)
    )
    return list(await session.scalars(across_tenants(statement, because=_OF_TELLER)))


async def channels_of(session: Session, organisation_id: UUID) -> frozenset[ChannelName]:
    """By which channels the organisation can tell anybody anything."""
    statement = select(ChannelAccountRow.channel).where(
        ChannelAccountRow.organisation_id == organisation_id, ChannelAccountRow.active
    )
    return frozenset(await session.scalars(across_tenants(statement, because=_OF_TELLER)))


async def settings_of(session: Session, organisation_id: UUID) -> MessagingSettingsRow | None:
    """The organisation's limits."""
    statement = select(MessagingSettingsRow).where(
        MessagingSettingsRow.organisation_id == organisation_id
    )
    return await session.scalar(across_tenants(statement, because=_OF_TELLER))


async def event_settings(
    session: Session, organisation_id: UUID, event: MessageEvent
) -> EventSettingsRow | None:
    """How the organisation tells this event, where it differs."""
    statement = select(EventSettingsRow).where(
        EventSettingsRow.organisation_id == organisation_id, EventSettingsRow.event == event
    )
    return await session.scalar(across_tenants(statement, because=_OF_TELLER))


async def preferences_of(
    session: Session, organisation_id: UUID, person: str
) -> PreferencesRow | None:
    """What this person agreed to hear."""
    statement = select(PreferencesRow).where(
        PreferencesRow.organisation_id == organisation_id, PreferencesRow.person == person
    )
    return await session.scalar(across_tenants(statement, because=_OF_TELLER))


async def refuse(
    session: Session, organisation_id: UUID, person: str, kind: PreferenceType, *, now: datetime
) -> None:
    """From now on nothing of this kind."""
    values = {
        "organisation_id": organisation_id,
        "person": person,
        "kind": kind,
        "from": DAY_BEGINS,
        "until": DAY_ENDS,
        "now": now,
    }
    await session.execute(_REFUSE, values)


async def keep_preferences(
    session: Session, organisation_id: UUID, person: str, values: dict[str, object]
) -> None:
    """Replace what a person agreed to."""
    statement = insert(PreferencesRow).values(
        organisation_id=organisation_id, person=person, **values
    )
    await session.execute(
        statement.on_conflict_do_update(index_elements=["organisation_id", "person"], set_=values)
    )


async def one_at_a_time(session: Session, person: str) -> None:
    """Nobody else counts this person's messages until the transaction ends."""
    await session.execute(_ONE_AT_A_TIME, {"person": person})


async def count(
    session: Session,
    organisation_id: UUID,
    person: str,
    medium: Medium,
    *,
    since: datetime,
    until: datetime,
) -> int:
    """How many messages a person gets by this medium between two instants."""
    channels = [each for each in ChannelName if each.medium is medium]
    statement = select(func.count()).where(
        MessageRow.organisation_id == organisation_id,
        MessageRow.person == person,
        MessageRow.channel.in_(channels),
        MessageRow.state.not_in([MessageState.BLOCKED, MessageState.FAILED]),
        MessageRow.due_at >= since,
        MessageRow.due_at < until,
    )
    return await session.scalar(across_tenants(statement, because=_OF_TELLER)) or 0


async def note(
    session: Session,
    row: MessageRow,
    *,
    at: datetime,
    source: str,
    event_id: str | None = None,
    state: MessageState | None = None,
    detail: str = "",
) -> bool:
    """One line of a message's history; False when this event of the vendor's is known."""
    values = {
        "message_id": row.id,
        "organisation_id": row.organisation_id,
        "at": at,
        "state": state or row.state,
        "detail": detail,
        "source": source,
        "event_id": event_id,
    }
    return await session.scalar(_HISTORY, values) is not None


async def take_due(
    session: Session, *, now: datetime, lease: datetime, most: int
) -> Sequence[dict[str, object]]:
    """Mark what is due as begun; what another worker has locked is left to it."""
    rows = await session.execute(_DUE, {"now": now, "lease": lease, "most": most})
    return [dict(row) for row in rows.mappings()]


async def account(session: Session, account_id: UUID) -> ChannelAccountRow | None:
    """An account, for the worker and for its vendor's calls."""
    statement = select(ChannelAccountRow).where(ChannelAccountRow.id == account_id)
    return await session.scalar(across_tenants(statement, because=_OF_WORKER))


async def lock(session: Session, message_id: UUID) -> MessageRow | None:
    """One message, for whoever notes what became of it."""
    statement = select(MessageRow).where(MessageRow.id == message_id).with_for_update()
    return await session.scalar(across_tenants(statement, because=_OF_WORKER))


async def by_vendor(
    session: Session, account_id: UUID, vendor_id: str, message_id: UUID | None
) -> MessageRow | None:
    """The message a vendor speaks of, by its own id or by ours."""
    named = MessageRow.vendor_id == vendor_id
    if message_id is not None:
        named |= MessageRow.id == message_id
    statement = select(MessageRow).where(MessageRow.account_id == account_id, named)
    because = "the account is the vendor's proof of who is meant"
    return await session.scalar(
        across_tenants(statement.limit(1).with_for_update(), because=because)
    )


async def keep_stray(session: Session, values: dict[str, object]) -> None:
    """News of nobody yet."""
    await session.execute(insert(StrayNewsRow).values(**values).on_conflict_do_nothing())


async def adopt_strays(session: Session, account_id: UUID, vendor_id: str) -> list[StrayNewsRow]:
    """News that came before we knew the vendor's id; they are the message's now."""
    statement = delete(StrayNewsRow).where(
        StrayNewsRow.account_id == account_id, StrayNewsRow.vendor_id == vendor_id
    )
    gone = across_tenants(statement, because=_OF_WORKER).returning(StrayNewsRow)
    return sorted(await session.scalars(gone), key=lambda each: each.id)


async def withdraw(
    session: Session, organisation_id: UUID, subject_id: UUID, events: Sequence[MessageEvent]
) -> list[MessageRow]:
    """Block what waits about this subject and was never begun."""
    statement = (
        update(MessageRow)
        .where(
            MessageRow.organisation_id == organisation_id,
            MessageRow.subject_id == subject_id,
            MessageRow.event.in_(events),
            MessageRow.state == MessageState.WAITING,
            MessageRow.begun.is_(False),
        )
        .values(state=MessageState.BLOCKED, reason=Reason.WITHDRAWN)
        .returning(MessageRow)
    )
    return list(await session.scalars(across_tenants(statement, because=_OF_TELLER)))


async def overdue(session: Session, *, now: datetime, most: int) -> list[MessageRow]:
    """What waits though it is of no use any more."""
    statement = (
        select(MessageRow)
        .where(
            MessageRow.state == MessageState.WAITING,
            MessageRow.due_at <= now,
            MessageRow.useful_until < now,
        )
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(across_tenants(statement, because=_OF_WORKER)))


async def forget(session: Session, *, before: datetime) -> None:
    """Erase the texts of old messages; that they were sent stays known."""
    statement = update(MessageRow).where(
        MessageRow.content.is_not(None), MessageRow.created_at < before
    )
    await session.execute(across_tenants(statement, because=_OF_WORKER).values(content=None))


def listed(
    scope: Scope,
    *,
    state: MessageState | None,
    channel: ChannelName | None,
    event: MessageEvent | None,
    client_id: UUID | None,
    subject_id: UUID | None,
) -> Select[MessageRow]:
    """The organisation's messages of which all this is true."""
    wanted = {
        "state": state,
        "channel": channel,
        "event": event,
        "client_id": client_id,
        "subject_id": subject_id,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return scoped(select(MessageRow).filter_by(**given), MessageRow, scope)


async def page(
    session: Session, statement: Select[MessageRow], window: Window, *, sort: str | None
) -> tuple[list[MessageRow], int]:
    """A page of them."""
    order = ordering(sort, _SORTING, default="-created_at", last=MessageRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def find(
    session: Session, scope: Scope, message_id: UUID, *, lock: bool = False
) -> MessageRow | None:
    """One of the organisation's messages."""
    statement = scoped(select(MessageRow).where(MessageRow.id == message_id), MessageRow, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def history(session: Session, scope: Scope, message_id: UUID) -> list[HistoryRow]:
    """What happened to it, in order."""
    statement = select(HistoryRow).where(HistoryRow.message_id == message_id)
    return list(await session.scalars(scoped(statement, HistoryRow, scope).order_by(HistoryRow.id)))


async def statistics(
    session: Session, organisation_id: UUID, *, since: datetime
) -> list[dict[str, object]]:
    """How many messages of each state, event and channel, and what they cost."""
    values = {"organisation_id": organisation_id, "since": since}
    return [dict(row) for row in (await session.execute(_STATISTICS, values)).mappings()]
