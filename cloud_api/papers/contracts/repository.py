"""How are contracts and the versions of their words kept?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, select, text

from cloud_api.kit.db import Session
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, scoped
from cloud_api.papers.contracts.types import Contract
from cloud_api.papers.models import ContractTemplateRow

_SORTING: Final[dict[str, Column]] = {
    "name": ContractTemplateRow.name,
    "written_at": ContractTemplateRow.written_at,
    "version": ContractTemplateRow.version,
}
# Two who write at once: the second waits for the first and gets the number after it.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 0))")
_NEXT = text(
    "SELECT coalesce(max(version), 0) + 1 FROM contract_templates"
    " WHERE organisation_id = :organisation_id AND name = :name"
)
_COLUMNS = (
    "c.id, c.reservation_id, t.name AS template, t.version, c.file_id, c.digest, c.made_at,"
    " c.accepted_at"
)
_OF_BOOKINGS = text(f"""
SELECT {_COLUMNS} FROM contracts AS c JOIN contract_templates AS t ON t.id = c.template_id
WHERE c.organisation_id = :organisation_id AND c.reservation_id = ANY(:reservation_ids)
ORDER BY c.made_at DESC, c.id
""")  # noqa: S608 - only our own column names
_MAKE = text("""
INSERT INTO contracts (id, organisation_id, reservation_id, template_id, file_id, digest)
VALUES (:id, :organisation_id, :reservation_id, :template_id, :file_id, :digest)
""")
_ACCEPT = text("""
UPDATE contracts SET accepted_at = coalesce(accepted_at, :now),
    accepted_by = coalesce(accepted_by, :who)
WHERE organisation_id = :organisation_id AND reservation_id = :reservation_id AND id = :id
RETURNING true
""")


async def next_version(session: Session, organisation_id: UUID, name: str) -> int:
    """The number of the version that is about to be written; others wait until it is."""
    await session.execute(_LOCK, {"place": f"contract|{organisation_id}|{name}"})
    key = {"organisation_id": organisation_id, "name": name}
    return int(await session.scalar(_NEXT, key))


async def newest(session: Session, scope: Scope, name: str) -> ContractTemplateRow | None:
    """The words of this name as they are now."""
    statement = (
        select(ContractTemplateRow)
        .where(ContractTemplateRow.name == name)
        .order_by(ContractTemplateRow.version.desc())
        .limit(1)
    )
    found: ContractTemplateRow | None = await session.scalar(
        scoped(statement, ContractTemplateRow, scope)
    )
    return found


async def page(
    session: Session, scope: Scope, window: Window, *, sort: str | None
) -> tuple[list[ContractTemplateRow], int]:
    """A page of all versions."""
    statement = scoped(select(ContractTemplateRow), ContractTemplateRow, scope)
    order = ordering(sort, _SORTING, default="name,-version", last=ContractTemplateRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def make(session: Session, values: dict[str, object]) -> None:
    """A new contract."""
    await session.execute(_MAKE, values)


async def of_bookings(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> list[Contract]:
    """The contracts of these bookings, the newest first."""
    key = {"organisation_id": organisation_id, "reservation_ids": list(reservation_ids)}
    rows = await session.execute(_OF_BOOKINGS, key)
    return [_contract(row) for row in rows.mappings()]


async def accept(
    session: Session,
    *,
    organisation_id: UUID,
    reservation_id: UUID,
    contract_id: UUID,
    who: UUID,
    now: datetime,
) -> bool:
    """Note that the guest agreed; the first time counts. False where there is no such contract."""
    values = {
        "organisation_id": organisation_id,
        "reservation_id": reservation_id,
        "id": contract_id,
        "who": who,
        "now": now,
    }
    return await session.scalar(_ACCEPT, values) is not None


def _contract(row: RowMapping) -> Contract:
    return Contract(**row)
