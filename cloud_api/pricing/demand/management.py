"""How do owners and managers keep the towns and halls that are watched, and what counts?"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Model, Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.pricing.demand import repository, rules
from cloud_api.pricing.demand.budgets import repository as budgets
from cloud_api.pricing.demand.errors import PlaceTaken, VenueTaken
from cloud_api.pricing.demand.models import DemandSettingsRow, PlaceRow, SearchRow, VenueRow
from cloud_api.pricing.demand.schemas import (
    AccountOut,
    NightPrice,
    PlaceIn,
    PlacePatch,
    SettingsIn,
    VenueIn,
    VenuePatch,
)
from cloud_api.properties import service as properties

MASKED = "****"
_SHOWN_LETTERS = 4
_LONG_ENOUGH = 12


async def read_settings(session: Session, scope: Scope) -> SettingsIn:
    """What is in force."""
    row = await repository.settings(session, scope.organisation_id)
    horizon_days = rules.HORIZON_DAYS if row is None else row.horizon_days
    return SettingsIn.of(repository.numbers_of(row), horizon_days=horizon_days)


async def configure(
    session: Session, scope: Scope, wanted: SettingsIn, *, now: datetime
) -> SettingsIn:
    """Count with other numbers; every event ahead is judged anew."""
    row = await _settings(session, scope)
    before = SettingsIn.of(repository.numbers_of(row), horizon_days=row.horizon_days)
    row.numbers = repository.stored_numbers(wanted.numbers())
    row.horizon_days = wanted.horizon_days
    await session.flush()
    await judge(session, scope, None, now=now)
    await audit.record(
        session,
        scope,
        action=Deed.DEMAND_CONFIGURED,
        object_type="demand_settings",
        object_id=scope.organisation_id,
        before=before,
        after=wanted,
    )
    return wanted


async def read_account(session: Session, scope: Scope, vault: Vault) -> AccountOut:
    """Whether there is a key, and what it may still ask."""
    row = await repository.settings(session, scope.organisation_id)
    mark = None if row is None else row.key_mark
    budget = None if mark is None else await budgets.spent(session, bytes(mark))
    return AccountOut(
        api_key=None if row is None else _masked(vault, row),
        last_trouble="" if row is None else row.last_trouble,
        last_success_at=None if row is None else row.last_success_at,
        used_today=0 if budget is None else budget.used,
        daily_limit=rules.DAILY_LIMIT if budget is None else budget.daily_limit,
        closed_until=None if budget is None else budget.closed_until,
    )


async def keep_account(session: Session, scope: Scope, vault: Vault, api_key: str | None) -> None:
    """Ask with this key from now on, or with none: then nothing is asked."""
    row = await _settings(session, scope)
    place = key_place(scope.organisation_id)
    row.api_key = None if api_key is None else vault.lock(api_key, context=place)
    # Equal keys share one budget, whoever has them: so does the vendor count.
    row.key_mark = None if api_key is None else vault.fingerprint(api_key, context="demand key")
    row.last_trouble = ""
    await session.flush()
    await _tell(
        session, scope, Deed.DEMAND_ACCOUNT_KEPT, (DemandSettingsRow, scope.organisation_id), None
    )


async def watch(session: Session, scope: Scope, wanted: PlaceIn, *, now: datetime) -> PlaceRow:
    """Watch a town. Raises NotFound for a property that is not the caller's, PlaceTaken."""
    await properties.check_properties(session, scope, wanted.property_ids)
    row = PlaceRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        city=wanted.city,
        country=wanted.country,
        property_ids=wanted.property_ids,
    )
    session.add(row)
    if not await repository.save(session):
        raise PlaceTaken
    session.add(_search(scope, row.id, None, now=now))
    await session.flush()
    await _tell(session, scope, Deed.DEMAND_PLACE_KEPT, (PlaceRow, row.id), wanted)
    return row


async def change_place(
    session: Session, scope: Scope, place_id: UUID, patch: PlacePatch
) -> PlaceRow:
    """Let the prices of other properties follow a town. Raises NotFound."""
    row = await _found(session, scope, PlaceRow, place_id)
    if patch.property_ids is not None:
        await properties.check_properties(session, scope, patch.property_ids)
        row.property_ids = patch.property_ids
    await session.flush()
    await _tell(session, scope, Deed.DEMAND_PLACE_KEPT, (PlaceRow, place_id), patch)
    return row


async def mind(session: Session, scope: Scope, wanted: VenueIn, *, now: datetime) -> VenueRow:
    """Mind a hall. Raises NotFound for a town that is not the caller's, VenueTaken."""
    await _found(session, scope, PlaceRow, wanted.place_id)
    row = VenueRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        place_id=wanted.place_id,
        name=wanted.name,
        vendor_id=wanted.vendor_id,
        bonus=wanted.bonus,
        priority=wanted.priority,
        by_title=wanted.by_title,
        always_alert=wanted.always_alert,
        **_priced(wanted.price),
    )
    session.add(row)
    await _kept(session, scope, row, now=now)
    await _tell(session, scope, Deed.DEMAND_VENUE_KEPT, (VenueRow, row.id), wanted)
    return row


async def change_venue(
    session: Session, scope: Scope, venue_id: UUID, patch: VenuePatch, *, now: datetime
) -> VenueRow:
    """Mind a hall otherwise. Raises NotFound, VenueTaken."""
    row = await _found(session, scope, VenueRow, venue_id)
    for name in patch.model_fields_set - {"price"}:
        setattr(row, name, getattr(patch, name))
    if "price" in patch.model_fields_set:
        for name, value in _priced(patch.price).items():
            setattr(row, name, value)
    await _kept(session, scope, row, now=now)
    await _tell(session, scope, Deed.DEMAND_VENUE_KEPT, (VenueRow, venue_id), patch)
    return row


async def forget[R: Model](
    session: Session, scope: Scope, model: type[R], row_id: UUID, *, now: datetime
) -> None:
    """Watch a town, or mind a hall, no more. Raises NotFound."""
    row = await _found(session, scope, model, row_id)
    await session.delete(row)
    await session.flush()
    if isinstance(row, VenueRow):
        await judge(session, scope, row.place_id, now=now)
    deed = Deed.DEMAND_VENUE_KEPT if isinstance(row, VenueRow) else Deed.DEMAND_PLACE_KEPT
    await _tell(session, scope, deed, (model, row_id), None)


async def judge(session: Session, scope: Scope, place_id: UUID | None, *, now: datetime) -> None:
    """Think anew of every event ahead, of one town or of all; nobody is asked for it."""
    numbers = repository.numbers_of(await repository.settings(session, scope.organisation_id))
    rows = await repository.future(session, scope, place_id, today=now.date())
    halls = {
        each: await repository.venues_of(session, scope.organisation_id, each)
        for each in sorted({row.place_id for row in rows})
    }
    for row in rows:
        happening = repository.happening_of(row)
        repository.think(row, rules.opinion(happening, halls[row.place_id], numbers, now=now))
    await session.flush()


def key_place(organisation_id: UUID) -> str:
    """Where a key rests, for the vault."""
    return f"demand key {organisation_id}"


async def _settings(session: Session, scope: Scope) -> DemandSettingsRow:
    row = await repository.settings(session, scope.organisation_id, lock=True)
    if row is None:
        row = DemandSettingsRow(
            organisation_id=scope.organisation_id,
            numbers={},
            horizon_days=rules.HORIZON_DAYS,
            last_trouble="",
        )
        session.add(row)
    return row


async def _found[R: Model](session: Session, scope: Scope, model: type[R], row_id: UUID) -> R:
    row = await repository.find(session, scope, model, row_id, lock=True)
    if row is None:
        raise NotFound
    return row


async def _kept(session: Session, scope: Scope, row: VenueRow, *, now: datetime) -> None:
    if not await repository.save(session):
        raise VenueTaken
    search = await repository.search_of_venue(session, scope, row.id)
    if row.vendor_id and row.priority and search is None:
        session.add(_search(scope, row.place_id, row.id, now=now))
    if search is not None and not (row.vendor_id and row.priority):
        await session.delete(search)
    await session.flush()
    await judge(session, scope, row.place_id, now=now)


def _search(scope: Scope, place_id: UUID, venue_id: UUID | None, *, now: datetime) -> SearchRow:
    return SearchRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        place_id=place_id,
        venue_id=venue_id,
        due_at=now,
    )


def _priced(price: NightPrice | None) -> dict[str, int | str | None]:
    return {
        "price_minor": None if price is None else price.minor,
        "price_currency": None if price is None else price.currency,
    }


def _masked(vault: Vault, row: DemandSettingsRow) -> str | None:
    if row.api_key is None:
        return None
    key = vault.unlock(row.api_key, context=key_place(row.organisation_id))
    return MASKED + (key[-_SHOWN_LETTERS:] if len(key) >= _LONG_ENOUGH else "")


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
