"""How are people read and written?"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from cloud_api.clients.models import ClientRow, ContactRow
from cloud_api.clients.rules import search_digits
from cloud_api.clients.types import Client, ContactKind
from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped

_SORTING: dict[str, Column] = {
    "name": ClientRow.name,
    "created_at": ClientRow.created_at,
    "visits": ClientRow.visits,
}
_BY_CONTACT = text("""
SELECT client_id FROM client_contacts
WHERE organisation_id = :organisation_id AND kind = :kind AND value = :value
""")
_KNOWN = text("""
SELECT p.id, p.organisation_id, p.name, p.language, p.visits
FROM unnest(CAST(:kinds AS text[]), CAST(:points AS text[]))
    WITH ORDINALITY AS w (kind, value, place)
JOIN client_contacts AS c
  ON c.organisation_id = :organisation_id AND c.kind = w.kind AND c.value = w.value
JOIN clients AS p ON p.id = c.client_id
ORDER BY w.place LIMIT 1
""")
# The person is there if and only if their first contact was nobody's; their row follows within the
# same statement, before the foreign key is checked.
_INTRODUCE = text("""
WITH first AS (
    INSERT INTO client_contacts (id, organisation_id, client_id, kind, value)
    VALUES (:contact_id, :organisation_id, :id, :kind, :value)
    ON CONFLICT DO NOTHING RETURNING client_id
)
INSERT INTO clients (id, organisation_id, name, language)
SELECT client_id, :organisation_id, :name, :language FROM first
RETURNING true
""")
_INTRODUCE_UNREACHABLE = text(
    "INSERT INTO clients (id, organisation_id, name, language)"
    " VALUES (:id, :organisation_id, :name, :language)"
)
_ADD_CONTACTS = text("""
INSERT INTO client_contacts (id, organisation_id, client_id, kind, value)
SELECT w.id, :organisation_id, :client_id, w.kind, w.value
FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:points AS text[]))
    AS w (id, kind, value)
ON CONFLICT DO NOTHING
""")

_FORGET = text("""
WITH contacts AS (
    DELETE FROM client_contacts
    WHERE organisation_id = :organisation_id AND client_id = :client_id
)
UPDATE clients SET name = 'Erased person', language = NULL, notes = '',
    archived_at = coalesce(archived_at, now())
WHERE organisation_id = :organisation_id AND id = :client_id
""")

type Points = Sequence[tuple[ContactKind, str]]
"""Contacts in their one normal form, the one that counts most first."""


async def known(session: Session, organisation_id: UUID, points: Points) -> Client | None:
    """Whose contacts these are: of the first that is anybody's."""
    key = {"organisation_id": organisation_id, **_columns(points)}
    row = (await session.execute(_KNOWN, key)).mappings().first()
    return None if row is None else Client(**row)


async def introduce(session: Session, person: Client, points: Points) -> bool:
    """A new person with the first of these contacts, or False when somebody has it.

    Waits for another transaction that is just introducing the same.
    """
    values: dict[str, object] = {
        "id": person.id,
        "organisation_id": person.organisation_id,
        "name": person.name,
        "language": person.language,
    }
    if not points:
        await session.execute(_INTRODUCE_UNREACHABLE, values)
        return True
    (kind, value), *_ = points
    values |= {"contact_id": new_id(), "kind": kind.value, "value": value}
    return await session.scalar(_INTRODUCE, values) is not None


async def add_contacts(session: Session, person: Client, points: Points) -> None:
    """Insert those that are nobody's yet."""
    await session.execute(
        _ADD_CONTACTS,
        {
            "organisation_id": person.organisation_id,
            "client_id": person.id,
            "ids": [new_id() for _ in points],
            **_columns(points),
        },
    )


def _columns(points: Points) -> dict[str, list[str]]:
    return {
        "kinds": [kind.value for kind, _ in points],
        "points": [value for _, value in points],
    }


async def find(
    session: Session, scope: Scope, client_id: UUID, *, lock: bool = False
) -> ClientRow | None:
    """One person."""
    statement = scoped(select(ClientRow).where(ClientRow.id == client_id), ClientRow, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def get(session: Session, client_id: UUID) -> ClientRow | None:
    """One person of whatever tenant, for reactions and jobs."""
    statement = select(ClientRow).where(ClientRow.id == client_id)
    return await session.scalar(across_tenants(statement, because="jobs work for every tenant"))


async def names(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID]
) -> dict[UUID, str]:
    """What these people of one organisation are called."""
    statement = select(ClientRow.id, ClientRow.name).where(
        ClientRow.organisation_id == organisation_id, ClientRow.id.in_(client_ids)
    )
    rows = await session.execute(across_tenants(statement, because="named with its organisation"))
    return {row.id: row.name for row in rows}


async def owner_of(
    session: Session, organisation_id: UUID, kind: ContactKind, value: str
) -> UUID | None:
    """Whose contact this is."""
    key = {"organisation_id": organisation_id, "kind": kind, "value": value}
    found: UUID | None = await session.scalar(_BY_CONTACT, key)
    return found


async def add_contact(session: Session, row: ContactRow) -> bool:
    """Insert, or answer False when somebody in the organisation has it.

    Waits for another transaction that is just inserting the same.
    """
    made = await session.scalar(
        insert(ContactRow)
        .values(
            id=row.id,
            organisation_id=row.organisation_id,
            client_id=row.client_id,
            kind=row.kind,
            value=row.value,
        )
        .on_conflict_do_nothing()
        .returning(ContactRow.id)
    )
    return made is not None


async def remove_contact(session: Session, scope: Scope, client_id: UUID, contact_id: UUID) -> bool:
    """Delete one contact; False when there is none."""
    statement = delete(ContactRow).where(
        ContactRow.id == contact_id, ContactRow.client_id == client_id
    )
    gone = await session.scalars(scoped(statement, ContactRow, scope).returning(ContactRow.id))
    return gone.first() is not None


async def contacts_of(
    session: Session, scope: Scope, client_ids: Sequence[UUID]
) -> dict[UUID, list[ContactRow]]:
    """The contacts of each of these people."""
    statement = select(ContactRow).where(ContactRow.client_id.in_(client_ids))
    ordered = scoped(statement, ContactRow, scope).order_by(
        ContactRow.created_at, ContactRow.kind, ContactRow.value
    )
    found: dict[UUID, list[ContactRow]] = {client_id: [] for client_id in client_ids}
    for row in await session.scalars(ordered):
        found[row.client_id].append(row)
    return found


async def reach(
    session: Session, organisation_id: UUID, client_id: UUID
) -> list[tuple[ContactKind, str]]:
    """Every contact of one person."""
    statement = select(ContactRow.kind, ContactRow.value).where(
        ContactRow.organisation_id == organisation_id, ContactRow.client_id == client_id
    )
    rows = await session.execute(across_tenants(statement, because="named with its organisation"))
    return [(row.kind, row.value) for row in rows]


async def forget(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """Take the person out of their entry; what refers to it stays whole."""
    await session.execute(_FORGET, {"organisation_id": organisation_id, "client_id": client_id})


async def phones(session: Session, client_id: UUID) -> list[str]:
    """The phone numbers of one person."""
    kinds = [ContactKind.PHONE, ContactKind.WHATSAPP]
    statement = select(ContactRow.value).where(
        ContactRow.client_id == client_id, ContactRow.kind.in_(kinds)
    )
    because = "the person was named by a booking of its own tenant"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def page(
    session: Session,
    scope: Scope,
    window: Window,
    *,
    sort: str | None,
    query: str | None,
    phone: str | None,
    archived: bool,
) -> tuple[list[ClientRow], int]:
    """A page of people whose name or any contact holds the query, or whose phone this is."""
    statement = scoped(select(ClientRow), ClientRow, scope)
    if query:
        statement = statement.where(_matches(query, phone, scope))
    if not archived:
        statement = statement.where(ClientRow.archived_at.is_(None))
    order = ordering(sort, _SORTING, default="name", last=ClientRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def count_visit(session: Session, client_id: UUID) -> None:
    """One visit more."""
    await session.execute(
        across_tenants(
            update(ClientRow).where(ClientRow.id == client_id).values(visits=ClientRow.visits + 1),
            because="the completion job works for every tenant",
        )
    )


def _matches(query: str, phone: str | None, scope: Scope) -> ColumnElement[bool]:
    value = ContactRow.value.icontains(query, autoescape=True)
    digits = search_digits(query)
    if digits is not None:
        value = or_(value, ContactRow.value.contains(digits, autoescape=True))
    if phone is not None:
        value = or_(value, ContactRow.value == phone)
    contact = scoped(
        select(ContactRow.id).where(ContactRow.client_id == ClientRow.id, value),
        ContactRow,
        scope,
    )
    return or_(ClientRow.name.icontains(query, autoescape=True), contact.exists())
