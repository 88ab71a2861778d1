"""How is a stay's paper made, once for each state of things?

What stands on it is read in one short session; the press runs while none is open; then the paper is
kept, and found again by a keyed hash of its page as long as nothing on it changes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.accounts import service as accounts
from cloud_api.files import service as files
from cloud_api.files.errors import FileDamaged
from cloud_api.files.service import Cabinet
from cloud_api.files.types import Purpose
from cloud_api.kit.db import Database, Json, Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import Scope
from cloud_api.papers import drawing, repository
from cloud_api.papers.cards import service as cards
from cloud_api.papers.contracts import service as contracts
from cloud_api.papers.contracts.types import Contract
from cloud_api.papers.errors import PaperForNobody
from cloud_api.papers.printing.service import Press
from cloud_api.papers.tongues import nearest, tongue_of
from cloud_api.papers.types import Entry, Paper, PaperKind, Reckoning, StayFacts
from cloud_api.payments import service as payments
from cloud_api.payments.schemas import LineOut
from cloud_api.payments.types import LineKind
from cloud_api.properties import service as properties
from cloud_api.reservations import service as reservations
from cloud_api.reservations.types import UNCONFIRMED, Booking, Kind

# A paper can be made anew at any time: it is kept to spare the press, not as a record.
_KEPT_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Desk:
    """What it takes to make a paper."""

    database: Database
    cabinet: Cabinet
    press: Press
    public_url: str


async def facts_of(
    session: Session, scope: Scope, reservation_id: UUID, *, language: str | None = None
) -> StayFacts:
    """What stands on the papers of the caller's booking. Raises NotFound and PaperForNobody."""
    booking = await reservations.get(session, scope, reservation_id)
    if booking.kind is not Kind.STAY:
        raise PaperForNobody
    layout = await properties.house_layout(session, booking.house_id, scope)
    place = await properties.house_place(session, booking.house_id)
    units = await properties.units_for_booking(session, booking.unit_ids)
    return StayFacts(
        reservation_id=booking.id,
        organisation_id=booking.organisation_id,
        organisation=await accounts.organisation_name(session, booking.organisation_id),
        property_name=place.property_name,
        address=place.address,
        house=layout.name,
        units=tuple(unit.name for unit in units),
        code=booking.code,
        status=booking.status,
        confirmed=booking.status not in UNCONFIRMED,
        guest=booking.contact.name,
        guests=booking.guests,
        check_in=booking.nights.check_in,
        check_out=booking.nights.check_out,
        check_in_from=layout.check_in_from,
        check_out_until=layout.check_out_until,
        zone=layout.zone,
        booked_at=booking.moments.created_at,
        version=booking.version,
        language=nearest(language or booking.contact.language),
        reckoning=await _reckoning(session, booking, layout.zone),
    )


async def paper(
    desk: Desk, scope: Scope, reservation_id: UUID, kind: PaperKind, *, language: str | None
) -> Paper:
    """The PDF of a confirmation or a receipt. Raises NotFound, PaperForNobody, PaperNotMade."""
    async with desk.database.reading() as session:
        facts = await facts_of(session, scope, reservation_id, language=language)
        card = await cards.svg(session, desk.cabinet.vault, facts, desk.public_url)
        page = drawing.paper(facts, kind, card=card)
        known = await _kept(session, desk, facts, page)
    content = known or await _printed(desk, facts, page)
    return Paper(content, name_of(facts, drawing.TITLES[kind], "pdf"))


async def make_contract(desk: Desk, scope: Scope, reservation_id: UUID, template: str) -> Contract:
    """A contract from the newest version of these words, kept as it was printed.

    Raises NotFound, PaperForNobody, TemplateMissing, TemplateInvalid and PaperNotMade.
    """
    async with desk.database.reading() as session:
        words = await contracts.newest(session, scope, template)
        facts = await facts_of(session, scope, reservation_id, language=words.language)
    content = await desk.press.pdf(contracts.page_of(words, facts))
    async with desk.database.transaction() as session:
        ref = await files.keep(
            session,
            desk.cabinet.vault,
            organisation_id=scope.organisation_id,
            content=content,
            media_type=None,
            purpose=Purpose.CONTRACT,
            delete_after=None,
            name=name_of(facts, "Contract", "pdf"),
            reservation_id=reservation_id,
        )
        digest = hashlib.sha256(content).hexdigest()
        return await contracts.note_made(
            session, scope, words, facts, file_id=ref.id, digest=digest
        )


async def contract_of(desk: Desk, scope: Scope, reservation_id: UUID) -> Contract:
    """The caller's booking's contract as it is now. Raises ContractMissing."""
    async with desk.database.reading() as session:
        return await contracts.newest_of(session, scope.organisation_id, reservation_id)


async def contract_content(desk: Desk, organisation_id: UUID, contract: Contract) -> bytes:
    """The PDF as it was made. Raises NotFound and FilesUnavailable."""
    async with desk.database.reading() as session:
        opened = await files.read(
            session, desk.cabinet, organisation_id=organisation_id, file_id=contract.file_id
        )
    return opened.content


def name_of(facts: StayFacts, title: str, ending: str) -> str:
    """What a browser calls the paper: its title in the guest's language, and the code."""
    return f"{tongue_of(facts.language).catalogue.gettext(title)} {facts.code}.{ending}"


async def erase_person(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> None:
    """Forget papers, cards and unsigned contracts of these bookings; their files go with files."""
    await repository.forget(session, organisation_id, list(reservation_ids))
    await cards.forget(session, organisation_id, reservation_ids)


async def export_person(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> Json:
    """Which contracts were made for these bookings, and which were accepted."""
    return await contracts.export(session, organisation_id, reservation_ids)


async def _kept(session: Session, desk: Desk, facts: StayFacts, page: str) -> bytes | None:
    file_id = await repository.made_before(
        session, facts.organisation_id, _source(desk, facts, page)
    )
    if file_id is None:
        return None
    try:
        opened = await files.read(
            session, desk.cabinet, organisation_id=facts.organisation_id, file_id=file_id
        )
    except (NotFound, FileDamaged):
        return None
    return opened.content


async def _printed(desk: Desk, facts: StayFacts, page: str) -> bytes:
    content = await desk.press.pdf(page)
    async with desk.database.transaction() as session:
        ref = await files.keep(
            session,
            desk.cabinet.vault,
            organisation_id=facts.organisation_id,
            content=content,
            media_type=None,
            purpose=Purpose.PAPER,
            delete_after=_KEPT_FOR,
            name=facts.code,
            reservation_id=facts.reservation_id,
        )
        await repository.note(
            session,
            {
                "id": new_id(),
                "organisation_id": facts.organisation_id,
                "reservation_id": facts.reservation_id,
                "source": _source(desk, facts, page),
                "file_id": ref.id,
            },
        )
    return content


def _source(desk: Desk, facts: StayFacts, page: str) -> bytes:
    digest = hashlib.sha256(page.encode()).hexdigest()
    place = f"paper|{facts.organisation_id}|{facts.reservation_id}"
    return desk.cabinet.vault.fingerprint(digest, context=place)


async def _reckoning(session: Session, booking: Booking, zone: str) -> Reckoning:
    folio = await payments.folio(session, booking.id)
    if folio is None:
        return _recorded(booking, zone)
    lines = await payments.lines(session, folio)
    balance = folio.balance
    return Reckoning(
        charges=tuple(_entry(each, zone) for each in lines if each.kind is LineKind.CHARGE),
        payments=tuple(_entry(each, zone) for each in lines if each.kind is not LineKind.CHARGE),
        total=balance.charged,
        paid=Money(balance.paid.minor - balance.refunded.minor, folio.currency),
        due=balance.due,
    )


def _entry(line: LineOut, zone: str) -> Entry:
    """A line as the guest reads it: what was given back is taken off."""
    sign = -1 if line.kind is LineKind.REFUND else 1
    day = line.created_at.astimezone(ZoneInfo(zone)).date()
    return Entry(day, line.label or line.what, line.amount * sign)


def _recorded(booking: Booking, zone: str) -> Reckoning:
    """What staff recorded at the confirmation, where there is no folio."""
    payment, day = booking.payment, booking.moments.confirmed_at
    if payment is None or payment.amount is None or day is None:
        return Reckoning()
    entry = Entry(day.astimezone(ZoneInfo(zone)).date(), payment.note, payment.amount)
    return Reckoning(payments=(entry,), paid=payment.amount)
