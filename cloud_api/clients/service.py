"""Who is this person, and do we know them already?"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from cloud_api.clients import repository
from cloud_api.clients.errors import ContactInvalid, ContactTaken, DocumentTaken
from cloud_api.clients.models import ClientRow, ContactRow
from cloud_api.clients.rules import (
    membership_of,
    normalise,
    plain_number,
    search_digits,
    tier_of,
)
from cloud_api.clients.schemas import (
    ClientIn,
    ClientOut,
    ClientPatch,
    ContactPointIn,
    ContactPointOut,
    DocumentIO,
    LookupOut,
)
from cloud_api.clients.tiers import service as tiers
from cloud_api.clients.types import Client, ContactKind, ContactLike, DocumentType, TierSettings
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import JsonObject, Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.properties import service as properties


async def find_or_create(
    session: Session, organisation_id: UUID, contact: ContactLike, *, region: str | None = None
) -> Client:
    """The person with this mail address or else this phone, made when there is none.

    Contacts not yet known are added to the person found; one that belongs to somebody else stays
    theirs; one that cannot be understood is left out. Safe when many introduce the same person
    at once. `region` reads numbers without `+`; the organisation's first property's by default.
    """
    points = await _points(session, organisation_id, contact, region)
    known = await repository.known(session, organisation_id, points) if points else None
    if known is None:
        known, points = await _introduce(session, organisation_id, contact, points)
    if points:
        await repository.add_contacts(session, known, points)
    return known


async def get_client(session: Session, client_id: UUID, scope: Scope | None = None) -> Client:
    """One person; with a scope only the caller's own. Raises NotFound."""
    row = await repository.get(session, client_id)
    if row is None or (scope is not None and row.organisation_id != scope.organisation_id):
        raise NotFound
    return _client(row)


async def names_of(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID]
) -> dict[UUID, str]:
    """What these people are called; those of other organisations are missing."""
    return await repository.names(session, organisation_id, client_ids) if client_ids else {}


async def phones_of(session: Session, client_id: UUID) -> tuple[str, ...]:
    """Their phone numbers in E.164; none for an unknown person."""
    return tuple(await repository.phones(session, client_id))


async def phone_meant(session: Session, scope: Scope, query: str | None) -> str | None:
    """The number somebody looks for, in E.164, if this is a whole one."""
    if not query or search_digits(query) is None:
        return None
    return await _phone(session, scope.organisation_id, query, None)


async def look_up(
    session: Session, scope: Scope, number: str, property_id: UUID | None
) -> LookupOut:
    """Who has this phone number, in whatever form it is written. Raises ContactInvalid, NotFound.

    A number without `+` is one of the property's country, else of the organisation's first one.
    """
    region = None
    if property_id is not None:
        region = await properties.region_of(session, scope.organisation_id, property_id)
    phone = await _phone(session, scope.organisation_id, number, region)
    if phone is None:
        raise ContactInvalid(extra={"kind": ContactKind.PHONE})
    rows = await repository.of_phone(session, scope, phone)
    return LookupOut(phone=phone, clients=await outs(session, scope, rows))


async def normal(
    session: Session, organisation_id: UUID, kind: ContactKind, value: str, *, region: str | None
) -> str | None:
    """The one form of a contact; None when it is neither mail address nor phone number."""
    if kind is ContactKind.EMAIL:
        return normalise(kind, value, region=None)
    return await _phone(session, organisation_id, value, region)


async def count_visit(session: Session, client_id: UUID) -> None:
    """A stay of theirs was completed; the caller counts each stay once."""
    await repository.count_visit(session, client_id)


async def create(session: Session, scope: Scope, wanted: ClientIn) -> ClientOut:
    """A new person. Raises ContactInvalid, ContactTaken."""
    row = ClientRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        name=wanted.name,
        language=wanted.language,
        notes=wanted.notes,
        birth_date=wanted.birth_date,
        sex=wanted.sex,
    )
    session.add(row)
    await session.flush()
    for point in wanted.contacts:
        await _add_contact(session, scope, row, point)
    return await _changed(session, scope, row, action=Deed.CLIENT_CREATED)


async def read(session: Session, scope: Scope, client_id: UUID) -> ClientOut:
    """One person. Raises NotFound."""
    return await _out(session, scope, await _mine(session, scope, client_id))


async def change(
    session: Session, scope: Scope, client_id: UUID, patch: ClientPatch, *, now: datetime
) -> ClientOut:
    """Apply a patch. Raises NotFound."""
    row = await _mine(session, scope, client_id, lock=True)
    for name in patch.model_fields_set - {"archived"}:
        setattr(row, name, getattr(patch, name))
    if patch.archived is not None:
        row.archived_at = (row.archived_at or now) if patch.archived else None
    await session.flush()
    return await _changed(session, scope, row, action=Deed.CLIENT_CHANGED)


async def add_contact(
    session: Session, scope: Scope, client_id: UUID, point: ContactPointIn
) -> ClientOut:
    """One more way to reach them. Raises NotFound, ContactInvalid, ContactTaken."""
    row = await _mine(session, scope, client_id)
    await _add_contact(session, scope, row, point)
    return await _changed(session, scope, row, action=Deed.CONTACT_ADDED)


async def remove_contact(session: Session, scope: Scope, client_id: UUID, contact_id: UUID) -> None:
    """One way less. Raises NotFound."""
    row = await _mine(session, scope, client_id)
    if not await repository.remove_contact(session, scope, client_id, contact_id):
        raise NotFound
    await _changed(session, scope, row, action=Deed.CONTACT_REMOVED)


async def set_document(
    session: Session, scope: Scope, vault: Vault, client_id: UUID, wanted: DocumentIO | None
) -> ClientOut:
    """Keep the number of a person's document, locked; None forgets it.

    Raises NotFound, and DocumentTaken when it is somebody else's, also under another spelling.
    """
    row = await _mine(session, scope, client_id, lock=True)
    type_, number, mark = None, None, None
    if wanted is not None:
        type_ = wanted.type
        number = vault.lock(wanted.number, context=_document_place(client_id))
        place = f"client document {scope.organisation_id} {type_}"
        mark = vault.fingerprint(plain_number(wanted.number), context=place)
    if not await repository.set_document(
        session, scope, client_id, type_=type_, number=number, fingerprint=mark
    ):
        raise DocumentTaken
    row.document_type = type_
    return await _changed(session, scope, row, action=Deed.CLIENT_CHANGED)


async def document_of(session: Session, scope: Scope, vault: Vault, client_id: UUID) -> DocumentIO:
    """The document with its number; who looked is on record. Raises NotFound."""
    row = await _mine(session, scope, client_id)
    if row.document_type is None or row.document_number is None:
        raise NotFound
    await audit.record(
        session, scope, action=Deed.DOCUMENT_SHOWN, object_type="client", object_id=row.id
    )
    return DocumentIO(type=row.document_type, number=_number(vault, row))


async def reach_of(
    session: Session, organisation_id: UUID, client_id: UUID, *, surely: bool = False
) -> tuple[list[str], list[str]]:
    """Their mail addresses, and their phone numbers in E.164.

    `surely`: without those that a booking only named beside one of theirs.
    """
    found = await repository.reach(session, organisation_id, client_id, surely=surely)
    emails = [value for kind, value in found if kind is ContactKind.EMAIL]
    return emails, [value for kind, value in found if kind is not ContactKind.EMAIL]


async def export_person(
    session: Session, scope: Scope, vault: Vault, client_id: UUID
) -> JsonObject:
    """All that stands in the list of guests, and of their account. Raises NotFound."""
    row = await _mine(session, scope, client_id)
    told: JsonObject = (await _out(session, scope, row)).model_dump(mode="json")
    told["document_number"] = _number(vault, row) if row.document_number is not None else None
    account = await repository.account_told(session, scope.organisation_id, client_id)
    if account is not None:
        told["account"] = {
            "created_at": account.created_at.isoformat(),
            "signs_in_by": "code, password" if account.password_hash else "code",
            "facebook_id": account.facebook_id,
            "facebook_name": account.facebook_name,
        }
    return told


async def erase_person(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """All but the number of visits goes, the account and its sessions too. Twice is once."""
    await repository.forget(session, organisation_id, client_id)


async def outs(session: Session, scope: Scope, rows: list[ClientRow]) -> list[ClientOut]:
    """People with their contacts."""
    contacts = await repository.contacts_of(session, scope, [row.id for row in rows])
    bounds = await tiers.settings_of(session, scope.organisation_id)
    return [_with_contacts(row, contacts[row.id], bounds) for row in rows]


async def _points(
    session: Session, organisation_id: UUID, contact: ContactLike, region: str | None
) -> list[tuple[ContactKind, str]]:
    found: list[tuple[ContactKind, str]] = []
    if contact.email and (email := normalise(ContactKind.EMAIL, contact.email, region=None)):
        found.append((ContactKind.EMAIL, email))
    if contact.phone and (phone := await _phone(session, organisation_id, contact.phone, region)):
        found.append((ContactKind.PHONE, phone))
    return found


async def _phone(
    session: Session, organisation_id: UUID, number: str, region: str | None
) -> str | None:
    """A number with `+` needs no region: most are understood without asking for it."""
    told = normalise(ContactKind.PHONE, number, region=region)
    if told is not None or region is not None:
        return told
    country = await properties.default_region(session, organisation_id)
    return normalise(ContactKind.PHONE, number, region=country)


async def _introduce(
    session: Session,
    organisation_id: UUID,
    contact: ContactLike,
    points: list[tuple[ContactKind, str]],
) -> tuple[Client, list[tuple[ContactKind, str]]]:
    """The new person and which contacts are still to be added."""
    person = Client(
        id=new_id(),
        organisation_id=organisation_id,
        name=contact.name,
        language=contact.language,
        visits=0,
    )
    if await repository.introduce(session, person, points):
        return person, points[1:]
    # Somebody introduced the same person while we did, and has committed: they were first.
    first = await repository.known(session, organisation_id, points)
    if first is None:
        raise RuntimeError("a contact was taken and is not there")
    return first, points


async def _add_contact(
    session: Session, scope: Scope, row: ClientRow, point: ContactPointIn
) -> None:
    region = None
    if point.kind is not ContactKind.EMAIL:
        region = await properties.default_region(session, scope.organisation_id)
    value = normalise(point.kind, point.value, region=region)
    if value is None:
        raise ContactInvalid(extra={"kind": point.kind})
    if not await repository.add_contact(session, _contact(row, point.kind, value)):
        # Staff who say what a booking only named make it known.
        mine = scope.organisation_id
        if await repository.believe(session, mine, row.id, point.kind, value):
            return
        owner = await repository.owner_of(session, mine, point.kind, value)
        raise ContactTaken(extra={"client_id": str(owner)})


def _contact(row: ClientRow, kind: ContactKind, value: str) -> ContactRow:
    return ContactRow(
        id=new_id(),
        organisation_id=row.organisation_id,
        client_id=row.id,
        kind=kind,
        value=value,
    )


async def _mine(
    session: Session, scope: Scope, client_id: UUID, *, lock: bool = False
) -> ClientRow:
    row = await repository.find(session, scope, client_id, lock=lock)
    if row is None:
        raise NotFound
    return row


async def _changed(session: Session, scope: Scope, row: ClientRow, *, action: Deed) -> ClientOut:
    # Who changed whom, without the person's data: the record outlives the right to keep it.
    await audit.record(session, scope, action=action, object_type="client", object_id=row.id)
    return await _out(session, scope, row)


async def _out(session: Session, scope: Scope, row: ClientRow) -> ClientOut:
    return (await outs(session, scope, [row]))[0]


def _with_contacts(row: ClientRow, contacts: list[ContactRow], bounds: TierSettings) -> ClientOut:
    return ClientOut(
        id=row.id,
        name=row.name,
        language=row.language,
        notes=row.notes,
        birth_date=row.birth_date,
        sex=row.sex,
        document_type=None if row.document_type is None else DocumentType(row.document_type),
        visits=row.visits,
        tier=tier_of(row.visits, bounds, already_super=row.super_at is not None),
        membership=membership_of(row.visits),
        created_at=row.created_at,
        archived_at=row.archived_at,
        contacts=[ContactPointOut.model_validate(each) for each in contacts],
    )


def _client(row: ClientRow) -> Client:
    return Client(
        id=row.id,
        organisation_id=row.organisation_id,
        name=row.name,
        language=row.language,
        visits=row.visits,
    )


def _document_place(client_id: UUID) -> str:
    return f"client document number {client_id}"


def _number(vault: Vault, row: ClientRow) -> str:
    return vault.unlock(row.document_number or b"", context=_document_place(row.id))
