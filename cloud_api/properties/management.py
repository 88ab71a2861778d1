"""How do owners and managers keep the list of houses and their parts?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import InvalidRequest, NotFound
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import repository
from cloud_api.properties.errors import Archived, InUse, WrongHouse
from cloud_api.properties.events import HouseChanged
from cloud_api.properties.models import (
    HouseRow,
    LockRow,
    Place,
    PlayerRow,
    PropertyRow,
    SpaceRow,
    ThingRow,
    UnitRow,
    UnitSpaceRow,
)
from cloud_api.properties.rules import hours_fit
from cloud_api.properties.schemas import (
    HouseIn,
    LockIn,
    PlacePatch,
    PlayerIn,
    PriceIn,
    PropertyIn,
    SpaceIn,
    ThingIn,
    UnitIn,
)
from protocol.music import MusicRules

_DEEDS: dict[type[Place], tuple[Deed, Deed]] = {
    PropertyRow: (Deed.PROPERTY_CREATED, Deed.PROPERTY_CHANGED),
    HouseRow: (Deed.HOUSE_CREATED, Deed.HOUSE_CHANGED),
    SpaceRow: (Deed.SPACE_CREATED, Deed.SPACE_CHANGED),
    UnitRow: (Deed.UNIT_CREATED, Deed.UNIT_CHANGED),
    LockRow: (Deed.LOCK_CREATED, Deed.LOCK_CHANGED),
    PlayerRow: (Deed.PLAYER_CREATED, Deed.PLAYER_CHANGED),
    ThingRow: (Deed.THING_CREATED, Deed.THING_CHANGED),
}


async def read[M: Place](session: Session, scope: Scope, model: type[M], place_id: UUID) -> M:
    """One of the caller's own. Raises NotFound."""
    found = await repository.find(session, model, scope, place_id)
    if found is None:
        raise NotFound
    return found


async def make_property(session: Session, scope: Scope, wanted: PropertyIn) -> PropertyRow:
    """A new property."""
    row = PropertyRow(id=new_id(), organisation_id=scope.organisation_id, **wanted.model_dump())
    await _add(session, scope, row, wanted)
    return row


async def make_house(
    session: Session, scope: Scope, property_id: UUID, wanted: HouseIn
) -> HouseRow:
    """A new house. Raises NotFound, Archived for its property."""
    place = await _open(session, scope, PropertyRow, property_id)
    row = HouseRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        property_id=place.id,
        **wanted.model_dump(exclude={"music_rules"}),
        music_rules=wanted.music_rules.model_dump(mode="json"),
    )
    await _add(session, scope, row, wanted)
    return row


async def make_space(session: Session, scope: Scope, house_id: UUID, wanted: SpaceIn) -> SpaceRow:
    """A new space. Raises NotFound, Archived for its house."""
    house = await _open(session, scope, HouseRow, house_id)
    row = SpaceRow(
        id=new_id(), organisation_id=scope.organisation_id, house_id=house.id, name=wanted.name
    )
    await _add(session, scope, row, wanted)
    return row


async def make_unit(session: Session, scope: Scope, house_id: UUID, wanted: UnitIn) -> UnitRow:
    """A new unit on spaces of its house. Raises NotFound, Archived, WrongHouse, NameTaken."""
    house = await _open(session, scope, HouseRow, house_id)
    for space_id in sorted(wanted.space_ids):
        await _space_of(session, scope, house.id, space_id)
    row = UnitRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        house_id=house.id,
        name=wanted.name,
        capacity=wanted.capacity,
        base_price=wanted.base_price.money(),
    )
    await _add(session, scope, row, wanted)
    session.add_all(
        UnitSpaceRow(unit_id=row.id, space_id=space_id, house_id=house.id)
        for space_id in wanted.space_ids
    )
    await session.flush()
    return row


async def make_lock(session: Session, scope: Scope, house_id: UUID, wanted: LockIn) -> LockRow:
    """A new lock. Raises NotFound, Archived, WrongHouse, NameTaken."""
    house = await _open(session, scope, HouseRow, house_id)
    if wanted.space_id is not None:
        await _space_of(session, scope, house.id, wanted.space_id)
    row = LockRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        house_id=house.id,
        **wanted.model_dump(),
    )
    await _add(session, scope, row, wanted)
    return row


async def make_player(
    session: Session, scope: Scope, house_id: UUID, wanted: PlayerIn
) -> PlayerRow:
    """A new player. Raises NotFound, Archived, WrongHouse, NameTaken."""
    house = await _open(session, scope, HouseRow, house_id)
    if wanted.space_id is not None:
        await _space_of(session, scope, house.id, wanted.space_id)
    row = PlayerRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        house_id=house.id,
        **wanted.model_dump(),
    )
    await _add(session, scope, row, wanted)
    return row


async def make_thing(session: Session, scope: Scope, house_id: UUID, wanted: ThingIn) -> ThingRow:
    """A new thing. Raises NotFound, Archived, WrongHouse, NameTaken."""
    house = await _open(session, scope, HouseRow, house_id)
    if wanted.space_id is not None:
        await _space_of(session, scope, house.id, wanted.space_id)
    row = ThingRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        house_id=house.id,
        **wanted.model_dump(),
    )
    await _add(session, scope, row, wanted)
    return row


async def change[M: Place](
    session: Session,
    scope: Scope,
    model: type[M],
    place_id: UUID,
    patch: PlacePatch,
    *,
    now: datetime,
) -> M:
    """Apply a patch; `archived` puts it into the archive or takes it back.

    Raises NotFound, InUse, NameTaken, InvalidRequest for hours that do not fit together.
    """
    row = await repository.find(session, model, scope, place_id, lock=True)
    if row is None:
        raise NotFound
    if patch.archived and isinstance(row, SpaceRow):
        await _must_be_free(session, scope, row)
    _apply(row, patch, now=now)
    if isinstance(row, HouseRow) and not hours_fit(row.check_in_from, row.check_out_until):
        raise InvalidRequest("check-out must not be later than check-in")
    await repository.save(session)
    await _tell(session, scope, row, created=False, after=patch)
    return row


async def spaces_of(session: Session, units: Sequence[UnitRow]) -> dict[UUID, list[UUID]]:
    """The spaces of each of these units."""
    return await repository.spaces_of(session, [unit.id for unit in units])


def _apply(row: Place, patch: PlacePatch, *, now: datetime) -> None:
    for name in patch.model_fields_set:
        value = getattr(patch, name)
        if name == "archived":
            row.archived_at = (row.archived_at or now) if value else None
        else:
            setattr(row, name, _stored(value))


def _stored(value: object) -> object:
    match value:
        case PriceIn():
            return value.money()
        case MusicRules():
            return value.model_dump(mode="json")
        case _:
            return value


async def _add(session: Session, scope: Scope, row: Place, wanted: BaseModel) -> None:
    session.add(row)
    await repository.save(session)
    await _tell(session, scope, row, created=True, after=wanted)


async def _tell(
    session: Session, scope: Scope, row: Place, *, created: bool, after: BaseModel
) -> None:
    kind = row.__tablename__
    await audit.record(
        session,
        scope,
        action=_DEEDS[type(row)][0 if created else 1],
        object_type=kind,
        object_id=row.id,
        after=after,
    )
    house_id = row.id if isinstance(row, HouseRow) else getattr(row, "house_id", None)
    if house_id is not None:
        await publish(
            session, HouseChanged(house_id=house_id), organisation_id=scope.organisation_id
        )


async def _open[M: Place](session: Session, scope: Scope, model: type[M], place_id: UUID) -> M:
    found = await read(session, scope, model, place_id)
    if found.archived_at is not None:
        raise Archived
    return found


async def _space_of(session: Session, scope: Scope, house_id: UUID, space_id: UUID) -> None:
    space = await repository.find(session, SpaceRow, scope, space_id)
    if space is None or space.house_id != house_id:
        raise WrongHouse
    if space.archived_at is not None:
        raise Archived


async def _must_be_free(session: Session, scope: Scope, space: SpaceRow) -> None:
    if await repository.units_standing_on(session, scope, space.id):
        raise InUse("a unit on sale occupies this space; archive the unit first")
