"""How do folios tell all they know of a person, and forget them? Amounts stay: books need them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping

from cloud_api.kit.db import Json, JsonObject, Session
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.payments.attempts import repository as attempts
from cloud_api.payments.attempts.repository import Filter
from cloud_api.payments.attempts.service import payment_of
from cloud_api.payments.people import repository
from cloud_api.payments.schemas import PaymentOut

__all__ = ["Filter", "erase_person", "export_person", "page"]


async def page(
    session: Session,
    scope: Scope,
    vault: Vault,
    wanted: Filter,
    window: Window,
    *,
    sort: str | None,
) -> tuple[list[PaymentOut], int]:
    """One page of the caller's payments; a person's are those of `wanted.payer`."""
    rows, total = await attempts.page(session, scope, wanted, window, sort=sort)
    return [PaymentOut.model_validate(payment_of(each, vault)) for each in rows], total


async def export_person(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> Json:
    """Folios and payments, without anything that pays."""
    whose = (organisation_id, client_id, reservation_ids)
    return {
        "folios": [_plain(row) for row in await repository.folios(session, *whose)],
        "payments": [_plain(row) for row in await repository.payments(session, *whose)],
    }


async def erase_person(
    session: Session, organisation_id: UUID, client_id: UUID, reservation_ids: Sequence[UUID]
) -> None:
    """Take the payer out of folios and payments. Twice is once."""
    await repository.forget(session, organisation_id, client_id, reservation_ids)


def _plain(row: RowMapping) -> JsonObject:
    return {key: _word(value) for key, value in row.items()}


def _word(value: object) -> Json:
    if value is None or isinstance(value, str | int):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
