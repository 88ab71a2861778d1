"""How are a contract's words written, filled in for a stay, and agreed to?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Json, Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.papers import drawing
from cloud_api.papers.contracts import repository, rules
from cloud_api.papers.contracts.schemas import ContractNote, TemplateIn, TemplateNote
from cloud_api.papers.contracts.types import Contract
from cloud_api.papers.drawing import Part
from cloud_api.papers.errors import ContractMissing, TemplateMissing
from cloud_api.papers.models import ContractTemplateRow
from cloud_api.papers.tongues import tongue_of
from cloud_api.papers.types import StayFacts


async def write(session: Session, scope: Scope, wanted: TemplateIn) -> ContractTemplateRow:
    """A new version; the old ones stay. Raises TemplateInvalid."""
    rules.check(wanted.body)
    version = await repository.next_version(session, scope.organisation_id, wanted.name)
    row = ContractTemplateRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        name=wanted.name,
        version=version,
        language=wanted.language,
        body=wanted.body,
        written_by=scope.principal_id,
    )
    session.add(row)
    await session.flush()
    await audit.record(
        session,
        scope,
        action=Deed.CONTRACT_TEMPLATE_WRITTEN,
        object_type="contract_template",
        object_id=row.id,
        after=TemplateNote(name=row.name, version=row.version, language=row.language),
    )
    return row


async def newest(session: Session, scope: Scope, name: str) -> ContractTemplateRow:
    """The words as they are now. Raises TemplateMissing."""
    found = await repository.newest(session, scope, name)
    if found is None:
        raise TemplateMissing
    return found


def page_of(template: ContractTemplateRow, facts: StayFacts) -> str:
    """The page of this contract for this stay. Raises TemplateInvalid."""
    words = rules.fill(template.body, values_of(facts))
    parts = [Part(text, heading) for text, heading in rules.paragraphs(words)]
    return drawing.contract(facts, parts)


def values_of(facts: StayFacts) -> Mapping[str, str]:
    """What a template may ask for, in the contract's language."""
    tongue = tongue_of(facts.language)
    total = facts.reckoning.total
    return {
        "address": facts.address,
        "arrival": tongue.day(facts.check_in),
        "code": facts.code,
        "departure": tongue.day(facts.check_out),
        "guest": facts.guest,
        "guests": str(facts.guests),
        "house": facts.house,
        "nights": str(facts.nights),
        "organisation": facts.organisation,
        "property": facts.property_name,
        "total": "" if total is None else tongue.amount(total),
        "units": ", ".join(facts.units),
    }


async def note_made(
    session: Session,
    scope: Scope,
    template: ContractTemplateRow,
    facts: StayFacts,
    *,
    file_id: UUID,
    digest: str,
) -> Contract:
    """The contract was made; on record with its version."""
    contract_id = new_id()
    await repository.make(
        session,
        {
            "id": contract_id,
            "organisation_id": scope.organisation_id,
            "reservation_id": facts.reservation_id,
            "template_id": template.id,
            "file_id": file_id,
            "digest": digest,
        },
    )
    await audit.record(
        session,
        scope,
        action=Deed.CONTRACT_MADE,
        object_type="contract",
        object_id=contract_id,
        after=ContractNote(template=template.name, version=template.version, digest=digest),
    )
    return await newest_of(session, scope.organisation_id, facts.reservation_id)


async def newest_of(session: Session, organisation_id: UUID, reservation_id: UUID) -> Contract:
    """The booking's contract as it is now. Raises ContractMissing."""
    found = await repository.of_bookings(session, organisation_id, [reservation_id])
    if not found:
        raise ContractMissing
    return found[0]


async def accept(
    session: Session,
    *,
    organisation_id: UUID,
    reservation_id: UUID,
    contract_id: UUID,
    who: UUID,
    now: datetime,
) -> Contract:
    """The guest agrees to this very contract; a newer one has to be agreed to anew.

    Raises ContractMissing where it is not the booking's newest.
    """
    newest_one = await newest_of(session, organisation_id, reservation_id)
    if newest_one.id != contract_id:
        raise ContractMissing("there is a newer contract to agree to")
    await repository.accept(
        session,
        organisation_id=organisation_id,
        reservation_id=reservation_id,
        contract_id=contract_id,
        who=who,
        now=now,
    )
    return await newest_of(session, organisation_id, reservation_id)


async def export(session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]) -> Json:
    """What was made for these bookings, and what was agreed to."""
    return [
        {
            "reservation_id": str(each.reservation_id),
            "template": each.template,
            "version": each.version,
            "sha256": each.digest,
            "made_at": each.made_at.isoformat(),
            "accepted_at": each.accepted_at.isoformat() if each.accepted_at else None,
        }
        for each in await repository.of_bookings(session, organisation_id, reservation_ids)
    ]
