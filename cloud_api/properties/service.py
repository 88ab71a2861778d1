"""What do the rooms above need to know of houses?"""

from collections.abc import Collection, Sequence
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import repository
from cloud_api.properties.types import BookableUnit, HouseLayout, HousePlace


async def units_for_booking(session: Session, unit_ids: Sequence[UUID]) -> tuple[BookableUnit, ...]:
    """These units of whatever tenant, in the order of their ids, in one statement.

    A unit that does not exist is missing from the answer; an archived one is not `active`.
    """
    return await repository.bookable(session, unit_ids)


async def get_unit(session: Session, scope: Scope | None, unit_id: UUID) -> BookableUnit:
    """One unit; with a scope only the caller's own. Raises NotFound."""
    found = await repository.bookable(session, [unit_id])
    if not found or (scope is not None and found[0].organisation_id != scope.organisation_id):
        raise NotFound
    return found[0]


async def units_on_sale(
    session: Session,
    *,
    unit_ids: Sequence[UUID] = (),
    house_id: UUID | None = None,
    property_id: UUID | None = None,
) -> tuple[BookableUnit, ...]:
    """Active units that are named, or stand in the house or the property; by name, at most 500."""
    return await repository.on_sale(
        session, unit_ids=unit_ids, house_id=house_id, property_id=property_id
    )


async def units_offered(
    session: Session, *, organisation_id: UUID | None = None, property_id: UUID | None = None
) -> tuple[BookableUnit, ...]:
    """Every active unit of the organisation, or of the property; in no order, however many.

    Nothing named, or nobody's, answers nothing.
    """
    owner = organisation_id
    if owner is None and property_id is not None:
        owner = await repository.owner_of(session, property_id)
    return () if owner is None else await repository.offered(session, owner, property_id)


async def check_properties(session: Session, scope: Scope, property_ids: Collection[UUID]) -> None:
    """Raises NotFound unless each of these properties is the caller's own."""
    if await repository.count_own(session, scope, property_ids) != len(set(property_ids)):
        raise NotFound


async def house_layout(session: Session, house_id: UUID, scope: Scope | None = None) -> HouseLayout:
    """The house, its hours, locks and players; with a scope only the caller's own.

    Archived locks, players and units are left out. Raises NotFound.
    """
    found = await repository.layout(session, house_id)
    if found is None or (scope is not None and found.organisation_id != scope.organisation_id):
        raise NotFound
    return found


async def property_ids(session: Session, organisation_id: UUID) -> frozenset[UUID]:
    """The organisation's properties that are not in the archive."""
    return await repository.property_ids(session, organisation_id)


async def voucher_minutes(session: Session, property_id: UUID) -> int:
    """How long the property waits for a guest who transfers by hand; NotFound."""
    found = await repository.voucher_minutes(session, property_id)
    if found is None:
        raise NotFound
    return found


async def house_address(session: Session, house_id: UUID) -> str:
    """Where the house stands, as its owner wrote it; empty when nobody did."""
    return await repository.address(session, house_id)


async def house_place(session: Session, house_id: UUID) -> HousePlace:
    """The property it belongs to, and where it stands. Raises NotFound."""
    found = await repository.place(session, house_id)
    if found is None:
        raise NotFound
    return found


async def time_zones(session: Session, house_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The IANA zone of each of these houses."""
    return await repository.zones(session, house_ids)


async def default_region(session: Session, organisation_id: UUID) -> str | None:
    """The country whose phone numbers the organisation means; None before its first property."""
    return await repository.region(session, organisation_id)
