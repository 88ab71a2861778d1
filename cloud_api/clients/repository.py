"""How are people read and written?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from cloud_api.clients.models import AccountRow, ClientRow, ContactRow
from cloud_api.clients.rules import search_digits
from cloud_api.clients.types import Client, ContactKind, DocumentType, Tier, TierSettings
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
INSERT INTO client_contacts (id, organisation_id, client_id, kind, value, hearsay)
SELECT w.id, :organisation_id, :client_id, w.kind, w.value, true
FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:points AS text[]))
    AS w (id, kind, value)
ON CONFLICT DO NOTHING
""")

_FORGET = text("""
WITH contacts AS (
    DELETE FROM client_contacts
    WHERE organisation_id = :organisation_id AND client_id = :client_id
    RETURNING value
), codes AS (
    DELETE FROM client_codes WHERE organisation_id = :organisation_id
    AND (client_id = :client_id OR contact IN (SELECT value FROM contacts))
), sessions AS (
    DELETE FROM client_sessions
    WHERE organisation_id = :organisation_id AND client_id = :client_id
), accounts AS (
    DELETE FROM client_accounts
    WHERE organisation_id = :organisation_id AND client_id = :client_id
)
UPDATE clients SET name = 'Erased person', language = NULL, notes = '', birth_date = NULL,
    sex = NULL, document_type = NULL, document_number = NULL, document_fingerprint = NULL,
    archived_at = coalesce(archived_at, now())
WHERE organisation_id = :organisation_id AND id = :client_id
""")

# Who passes the bound becomes super in the same statement, and stays it.
_COUNT_VISIT = text("""
UPDATE clients AS c SET visits = visits + 1, super_at = coalesce(super_at, CASE WHEN visits + 1 >
    coalesce((SELECT super_above FROM client_tiers t
        WHERE t.organisation_id = c.organisation_id), :super_above) THEN now() END)
WHERE id = :client_id
""")
_SAYS_SO = text("""
UPDATE client_contacts SET hearsay = false
WHERE organisation_id = :organisation_id AND client_id = :client_id
    AND kind = :kind AND value = :value AND hearsay
RETURNING id
""")
_DOCUMENT = text("""
UPDATE clients AS c SET document_type = :type, document_number = :number,
    document_fingerprint = :fingerprint
WHERE c.organisation_id = :organisation_id AND c.id = :client_id AND NOT EXISTS (
    SELECT FROM clients AS o WHERE o.organisation_id = :organisation_id AND o.id <> c.id
    AND o.document_type = :type AND o.document_fingerprint = :fingerprint)
RETURNING true
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


async def believe(
    session: Session, organisation_id: UUID, client_id: UUID, kind: ContactKind, value: str
) -> bool:
    """This hearsay about the person is true; False when there was none."""
    key = {
        "organisation_id": organisation_id,
        "client_id": client_id,
        "kind": kind,
        "value": value,
    }
    return await session.scalar(_SAYS_SO, key) is not None


async def of_phone(session: Session, scope: Scope, phone: str) -> list[ClientRow]:
    """Who has this number, as a phone or on WhatsApp; archived people last."""
    named = scoped(
        select(ContactRow.client_id).where(
            ContactRow.kind.in_([ContactKind.PHONE, ContactKind.WHATSAPP]),
            ContactRow.value == phone,
        ),
        ContactRow,
        scope,
    )
    statement = scoped(select(ClientRow).where(ClientRow.id.in_(named)), ClientRow, scope)
    order = (ClientRow.archived_at.is_not(None), ClientRow.created_at, ClientRow.id)
    return list(await session.scalars(statement.order_by(*order)))


async def set_document(
    session: Session,
    scope: Scope,
    client_id: UUID,
    *,
    type_: DocumentType | None,
    number: bytes | None,
    fingerprint: bytes | None,
) -> bool:
    """Write or clear a document; False when it is somebody else's."""
    done = await session.scalar(
        _DOCUMENT,
        {
            "organisation_id": scope.organisation_id,
            "client_id": client_id,
            "type": type_,
            "number": number,
            "fingerprint": fingerprint,
        },
    )
    return done is not None


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
    session: Session, organisation_id: UUID, client_id: UUID, *, surely: bool
) -> list[tuple[ContactKind, str]]:
    """Every contact of one person; `surely`: those that are not only said to be theirs."""
    statement = select(ContactRow.kind, ContactRow.value).where(
        ContactRow.organisation_id == organisation_id, ContactRow.client_id == client_id
    )
    if surely:
        statement = statement.where(~ContactRow.hearsay)
    rows = await session.execute(across_tenants(statement, because="named with its organisation"))
    return [(row.kind, row.value) for row in rows]


async def forget(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """Take the person out of their entry; what refers to it stays whole."""
    await session.execute(_FORGET, {"organisation_id": organisation_id, "client_id": client_id})


async def account_told(
    session: Session, organisation_id: UUID, client_id: UUID
) -> AccountRow | None:
    """The person's account."""
    statement = select(AccountRow).where(
        AccountRow.organisation_id == organisation_id, AccountRow.client_id == client_id
    )
    return await session.scalar(across_tenants(statement, because="named with its organisation"))


async def phones(session: Session, client_id: UUID) -> list[str]:
    """The phone numbers of one person."""
    kinds = [ContactKind.PHONE, ContactKind.WHATSAPP]
    statement = select(ContactRow.value).where(
        ContactRow.client_id == client_id, ContactRow.kind.in_(kinds)
    )
    because = "the person was named by a booking of its own tenant"
    return list(await session.scalars(across_tenants(statement, because=because)))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which people are wanted; None: all. `phone` is what `query` means when it is a number."""

    query: str | None = None
    phone: str | None = None
    name: str | None = None
    contact: str | None = None
    contact_phone: str | None = None
    tier: Tier | None = None
    visits_from: int | None = None
    visits_until: int | None = None
    archived: bool = False


async def page(
    session: Session,
    scope: Scope,
    window: Window,
    wanted: Filter,
    settings: TierSettings,
    *,
    sort: str | None,
) -> tuple[list[ClientRow], int]:
    """A page of people; a query is part of a name or contact, or a phone in any form."""
    statement = _filtered(scoped(select(ClientRow), ClientRow, scope), wanted, scope)
    if wanted.tier is not None:
        statement = statement.where(_is_of(wanted.tier, settings))
    order = ordering(sort, _SORTING, default="name", last=ClientRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def count_visit(session: Session, client_id: UUID) -> None:
    """One visit more."""
    key = {"client_id": client_id, "super_above": TierSettings().super_above}
    await session.execute(
        across_tenants(_COUNT_VISIT, because="the completion job works for every tenant"), key
    )


def _filtered(statement: Select[ClientRow], wanted: Filter, scope: Scope) -> Select[ClientRow]:
    if wanted.query:
        named = ClientRow.name.icontains(wanted.query, autoescape=True)
        reached = _reached_by(wanted.query, wanted.phone, scope)
        statement = statement.where(or_(named, reached))
    if wanted.name:
        statement = statement.where(ClientRow.name.icontains(wanted.name, autoescape=True))
    if wanted.contact:
        statement = statement.where(_reached_by(wanted.contact, wanted.contact_phone, scope))
    if wanted.visits_from is not None:
        statement = statement.where(ClientRow.visits >= wanted.visits_from)
    if wanted.visits_until is not None:
        statement = statement.where(ClientRow.visits <= wanted.visits_until)
    if not wanted.archived:
        statement = statement.where(ClientRow.archived_at.is_(None))
    return statement


def _is_of(tier: Tier, settings: TierSettings) -> ColumnElement[bool]:
    """The rule `tier_of` in the database's words."""
    highest = or_(ClientRow.super_at.is_not(None), ClientRow.visits > settings.super_above)
    if tier is Tier.SUPER:
        return highest
    new = ClientRow.visits < settings.regular_from
    return ~highest & (new if tier is Tier.NEW else ~new)


def _reached_by(query: str, phone: str | None, scope: Scope) -> ColumnElement[bool]:
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
    return contact.exists()
