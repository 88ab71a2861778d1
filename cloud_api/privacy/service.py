"""How is everything about a person told to them, and how is it forgotten?

Each room tells and forgets what is in its own tables; here is the order. Forgetting is one
transaction. What stays has no person: nights, amounts, and the record of deeds, which never held
one. Vouchers and contracts stay until their own time is over: books and claims need them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from cloud_api.access.people import service as access
from cloud_api.clients import service as clients
from cloud_api.crm.people import service as crm
from cloud_api.files import service as files
from cloud_api.files.types import Purpose
from cloud_api.fleet.people import service as fleet
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import JsonObject, Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.messaging.people import service as messaging
from cloud_api.papers import service as papers
from cloud_api.payments.people import service as payments
from cloud_api.privacy import repository, rules
from cloud_api.privacy.errors import StayNotOver
from cloud_api.privacy.schemas import ErasureOut, ExportNote, RetentionIO
from cloud_api.privacy.types import Retention
from cloud_api.reservations.people import service as reservations
from cloud_api.reservations.people.service import Whose

FORMAT: Final = "portero-person-1"
# Needed for books and claims until their own time is over (GDPR, article 17 (3) b and e).
_SPARED: Final = frozenset({Purpose.VOUCHER, Purpose.CONTRACT})
_BATCH: Final = 5000


async def export(
    session: Session, scope: Scope, client_id: UUID, *, vault: Vault, now: datetime
) -> JsonObject:
    """Everything about one of the caller's people. Raises NotFound."""
    mine = scope.organisation_id
    person = await clients.export_person(session, scope, vault, client_id)
    bookings = await reservations.of_person(session, await _whose(session, scope, client_id))
    await audit.record(
        session,
        scope,
        action=Deed.PERSON_EXPORTED,
        object_type="client",
        object_id=client_id,
        after=ExportNote(reservations=len(bookings)),
    )
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "person": person,
        "reservations": await reservations.export_person(session, mine, bookings),
        "payments": await payments.export_person(session, mine, client_id, bookings),
        "access": await access.export_person(session, mine, bookings),
        "files": await files.export_person(session, mine, client_id, bookings),
        "messages": await messaging.export_person(session, vault, mine, client_id, bookings),
        "loyalty": await crm.export_person(session, mine, client_id),
        "contracts": await papers.export_person(session, mine, bookings),
    }


async def erase(session: Session, scope: Scope, client_id: UUID) -> ErasureOut:
    """Forget one of the caller's people; twice is once. Raises NotFound and StayNotOver."""
    mine = scope.organisation_id
    await clients.get_client(session, client_id, scope)
    whose = await _whose(session, scope, client_id)
    if await reservations.has_living(session, whose):
        raise StayNotOver
    bookings = await reservations.of_person(session, whose)
    await clients.erase_person(session, mine, client_id)
    await reservations.erase_person(session, mine, bookings)
    await payments.erase_person(session, mine, client_id, bookings)
    await crm.erase_person(session, mine, client_id)
    grants = await access.erase_person(session, mine, bookings)
    await fleet.erase_person(session, mine, bookings)
    await papers.erase_person(session, mine, bookings)
    await messaging.erase_person(session, mine, client_id, bookings)
    gone = await files.erase_person(session, mine, client_id, bookings, spare=_SPARED)
    await repository.note_erased(session, mine, client_id, erasure_id=new_id())
    done = ErasureOut(client_id=client_id, reservations=len(bookings), grants=grants, files=gone)
    await audit.record(
        session,
        scope,
        action=Deed.PERSON_ERASED,
        object_type="client",
        object_id=client_id,
        after=done,
    )
    return done


async def retention(session: Session, scope: Scope) -> Retention:
    """The caller's rules."""
    return await repository.retention_of(session, scope.organisation_id)


async def set_retention(session: Session, scope: Scope, wanted: RetentionIO) -> Retention:
    """Write the caller's rules; they hold for files whose end is not set yet."""
    before = await retention(session, scope)
    after = Retention(wanted.id_document_days, wanted.voucher_days, wanted.paper_days)
    await repository.set_retention(session, scope.organisation_id, after)
    await audit.record(
        session,
        scope,
        action=Deed.RETENTION_CHANGED,
        object_type="organisation",
        object_id=scope.organisation_id,
        before=RetentionIO(**_days(before)),
        after=wanted,
    )
    return after


async def set_ends(session: Session) -> int:
    """Give files of ended stays the day on which they go; how many stays were looked at."""
    endless = await files.endless(session, most=_BATCH)
    ended = await reservations.ended(session, [each.reservation_id for each in endless])
    own = await repository.retentions(session, sorted({each.organisation_id for each in endless}))
    for each in endless:
        check_out = ended.get(each.reservation_id)
        if check_out is None:
            continue
        days = _days_of(own.get(each.organisation_id, Retention()), each.purpose)
        await files.limit(
            session,
            organisation_id=each.organisation_id,
            reservation_id=each.reservation_id,
            purpose=each.purpose,
            until=rules.kept_until(check_out, days),
        )
    return len(ended)


async def _whose(session: Session, scope: Scope, client_id: UUID) -> Whose:
    emails, phones = await clients.reach_of(session, scope.organisation_id, client_id)
    return Whose(scope.organisation_id, client_id, emails, phones)


def _days_of(retention: Retention, purpose: Purpose) -> int:
    match purpose:
        case Purpose.ID_DOCUMENT | Purpose.EXPORT:
            return retention.id_document_days
        case Purpose.VOUCHER | Purpose.EVIDENCE:
            return retention.voucher_days
        case Purpose.PAPER | Purpose.CONTRACT | Purpose.PHOTO:
            return retention.paper_days


def _days(retention: Retention) -> Mapping[str, int]:
    return {
        "id_document_days": retention.id_document_days,
        "voucher_days": retention.voucher_days,
        "paper_days": retention.paper_days,
    }
