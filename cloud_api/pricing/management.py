"""How do owners and managers keep their prices?"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Model, Session
from cloud_api.kit.errors import InvalidRequest, NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.pricing import repository
from cloud_api.pricing.models import (
    PolicyRow,
    PriceEntry,
    RateRow,
    SeasonRow,
    ServiceRow,
    SettingsRow,
    SpecialDateRow,
    UnitPriceRow,
)
from cloud_api.pricing.rules.document import plain
from cloud_api.pricing.rules.entries import day_exists
from cloud_api.pricing.rules.hours import OFFERED
from cloud_api.pricing.schemas import (
    EntryPatch,
    PriceIn,
    RateIn,
    SettingsOut,
    SettingsPatch,
    UnitPriceIn,
    settings_out,
)
from cloud_api.pricing.types import Settings
from cloud_api.properties import service as properties

_DEEDS: dict[type[PriceEntry], tuple[Deed, Deed]] = {
    SeasonRow: (Deed.SEASON_CREATED, Deed.SEASON_CHANGED),
    SpecialDateRow: (Deed.SPECIAL_DATE_CREATED, Deed.SPECIAL_DATE_CHANGED),
    ServiceRow: (Deed.SERVICE_CREATED, Deed.SERVICE_CHANGED),
    PolicyRow: (Deed.POLICY_CREATED, Deed.POLICY_CHANGED),
}
_LISTS = frozenset({"charges", "late_check_out", "early_check_in"})


async def read_settings(session: Session, scope: Scope, property_id: UUID) -> SettingsOut:
    """A property's conventions in force. Raises NotFound."""
    await properties.check_properties(session, scope, [property_id])
    row = await repository.find_settings(session, scope, property_id)
    settings = Settings() if row is None else repository.settings_from(vars(row))
    return settings_out(property_id, settings, OFFERED)


async def configure(
    session: Session, scope: Scope, property_id: UUID, patch: SettingsPatch, *, now: datetime
) -> SettingsOut:
    """Change a property's conventions. Raises NotFound."""
    before = await read_settings(session, scope, property_id)
    row = await repository.find_settings(session, scope, property_id, lock=True)
    if row is None:
        row = _fresh_settings(scope, property_id)
        session.add(row)
    for name in patch.model_fields_set:
        setattr(row, name, _setting(name, patch))
    row.changed_at = now
    await repository.save(session)
    after = await read_settings(session, scope, property_id)
    await audit.record(
        session,
        scope,
        action=Deed.PRICING_CONFIGURED,
        object_type="pricing_settings",
        object_id=property_id,
        before=before,
        after=after,
    )
    return after


async def read_unit_price(session: Session, scope: Scope, unit_id: UUID) -> UnitPriceRow:
    """A unit's own prices. Raises NotFound where none were told."""
    row = await repository.find_unit_price(session, scope, unit_id)
    if row is None:
        raise NotFound
    return row


async def price_unit(
    session: Session, scope: Scope, unit_id: UUID, wanted: UnitPriceIn, *, now: datetime
) -> UnitPriceRow:
    """A unit's prices from now on. Raises NotFound."""
    await properties.get_unit(session, scope, unit_id)
    row = await repository.find_unit_price(session, scope, unit_id, lock=True)
    if row is None:
        row = UnitPriceRow(unit_id=unit_id, organisation_id=scope.organisation_id)
        session.add(row)
    for name, value in wanted.model_dump().items():
        setattr(row, name, value)
    row.changed_at = now
    await repository.save(session)
    await _tell(session, scope, Deed.UNIT_PRICED, (UnitPriceRow, unit_id), wanted)
    return row


async def unprice_unit(session: Session, scope: Scope, unit_id: UUID) -> None:
    """A unit is priced by its base price again. Raises NotFound."""
    row = await repository.find_unit_price(session, scope, unit_id, lock=True)
    if row is None:
        raise NotFound
    await session.delete(row)
    await session.flush()
    await _tell(session, scope, Deed.UNIT_PRICE_REMOVED, (UnitPriceRow, unit_id), None)


async def read[M: PriceEntry](session: Session, scope: Scope, model: type[M], entry_id: UUID) -> M:
    """One of the caller's own. Raises NotFound."""
    found = await repository.find(session, model, scope, entry_id)
    if found is None:
        raise NotFound
    return found


async def create[M: PriceEntry](
    session: Session, scope: Scope, model: type[M], wanted: BaseModel
) -> M:
    """A new entry. Raises NotFound for a place that is not the caller's, PriceExists."""
    await _places_are_ours(session, scope, wanted)
    values = {name: _stored(getattr(wanted, name)) for name in type(wanted).model_fields}
    row = model(id=new_id(), organisation_id=scope.organisation_id, **values)
    session.add(row)
    await repository.save(session)
    await _tell(session, scope, _DEEDS[model][0], (model, row.id), wanted)
    return row


async def change[M: PriceEntry](
    session: Session,
    scope: Scope,
    model: type[M],
    entry_id: UUID,
    patch: EntryPatch,
    *,
    now: datetime,
) -> M:
    """Apply a patch; `archived` puts it into the archive or takes it back.

    Raises NotFound, PriceExists, InvalidRequest for a day that does not exist.
    """
    row = await repository.find(session, model, scope, entry_id, lock=True)
    if row is None:
        raise NotFound
    await _places_are_ours(session, scope, patch)
    _apply(row, patch, now=now)
    if isinstance(row, SeasonRow) and not _season_fits(row):
        raise InvalidRequest("there is no such day of the year")
    await repository.save(session)
    await _tell(session, scope, _DEEDS[model][1], (model, row.id), patch)
    return row


async def add_rate(session: Session, scope: Scope, wanted: RateIn, *, now: datetime) -> RateRow:
    """One more entry in the history of a rate. Raises PriceExists for the same instant."""
    row = RateRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        base=wanted.base,
        quote=wanted.quote,
        value=wanted.value,
        valid_from=wanted.valid_from or now,
        created_at=now,
    )
    session.add(row)
    await repository.save(session)
    await _tell(session, scope, Deed.RATE_ADDED, (RateRow, row.id), wanted)
    return row


async def _places_are_ours(session: Session, scope: Scope, wanted: BaseModel) -> None:
    told = [getattr(wanted, "property_id", None), *(getattr(wanted, "property_ids", None) or ())]
    named = [each for each in told if each is not None]
    if named:
        await properties.check_properties(session, scope, named)
    unit_id = getattr(wanted, "unit_id", None)
    if unit_id is not None:
        unit = await properties.get_unit(session, scope, unit_id)
        if unit.property_id not in named:
            raise NotFound("the unit does not stand in this property")


def _apply(row: PriceEntry, patch: EntryPatch, *, now: datetime) -> None:
    for name in patch.model_fields_set:
        value = getattr(patch, name)
        if name == "archived":
            row.archived_at = (row.archived_at or now) if value else None
        else:
            setattr(row, name, _stored(value))


def _stored(value: object) -> object:
    return value.money() if isinstance(value, PriceIn) else value


def _setting(name: str, patch: SettingsPatch) -> object:
    value = getattr(patch, name)
    if name in _LISTS:
        return [plain(each.model_dump()) for each in value]
    return sorted(set(value)) if name == "weekend" else value


def _fresh_settings(scope: Scope, property_id: UUID) -> SettingsRow:
    default = Settings()
    return SettingsRow(
        property_id=property_id,
        organisation_id=scope.organisation_id,
        weekend=sorted(default.weekend),
        deposit_percent=default.deposit_percent,
        high_season_factor=default.high_season_factor,
        weekend_factor=default.weekend_factor,
        rounding=default.rounding,
        quote_minutes=default.quote_minutes,
        charges=[],
        late_check_out=[],
        early_check_in=[],
    )


def _season_fits(row: SeasonRow) -> bool:
    return day_exists(row.start_month, row.start_day) and day_exists(row.end_month, row.end_day)


async def _tell(
    session: Session,
    scope: Scope,
    deed: Deed,
    what: tuple[type[Model], UUID],
    after: BaseModel | None,
) -> None:
    model, object_id = what
    kind = model.__tablename__
    await audit.record(
        session, scope, action=deed, object_type=kind, object_id=object_id, after=after
    )
