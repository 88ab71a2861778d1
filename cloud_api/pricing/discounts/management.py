"""How do owners and managers keep discounts and codes?"""

import secrets
from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import InvalidRequest, NotFound
from cloud_api.kit.ids import Choose, new_id
from cloud_api.kit.patches import Patch
from cloud_api.kit.tenancy import Scope
from cloud_api.pricing.discounts import repository
from cloud_api.pricing.discounts.errors import CodesUnusable, CodeTaken, NameTaken, UnknownProperty
from cloud_api.pricing.discounts.models import AutomaticRow, CodeRow, DynamicRow, Kept, ReferralRow
from cloud_api.pricing.discounts.schemas import (
    AmountIn,
    AutomaticIn,
    CodeIn,
    DynamicIn,
    OffIn,
    ReferralIn,
    SimpleIn,
)
from cloud_api.pricing.discounts.types import CodeOrigin
from cloud_api.properties import service as properties

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_RANDOM_LETTERS = 6
_SIMPLE = "SIMPLE"
# 36^6 words to one prefix: whoever fails so often has none left.
_TRIES = 20

_CREATED: dict[type[Kept], Deed] = {
    CodeRow: Deed.DISCOUNT_CODE_CREATED,
    AutomaticRow: Deed.AUTOMATIC_DISCOUNT_CREATED,
    DynamicRow: Deed.DYNAMIC_CODES_CREATED,
}
_CHANGED: dict[type[Kept], Deed] = {
    CodeRow: Deed.DISCOUNT_CODE_CHANGED,
    AutomaticRow: Deed.AUTOMATIC_DISCOUNT_CHANGED,
    DynamicRow: Deed.DYNAMIC_CODES_CHANGED,
    ReferralRow: Deed.REFERRAL_DISCOUNT_SET,
}


async def read[R: Kept](session: Session, scope: Scope, model: type[R], row_id: UUID) -> R:
    """One of the caller's own. Raises NotFound."""
    found = await repository.find(session, scope, model, row_id)
    if found is None:
        raise NotFound
    return found


async def make_code(session: Session, scope: Scope, wanted: CodeIn) -> CodeRow:
    """A new code. Raises CodeTaken, UnknownProperty."""
    await _known(session, scope, wanted.property_ids)
    row = CodeRow(**_head(scope), origin=CodeOrigin.STAFF, **_columns(wanted))
    await _add(session, scope, row, wanted)
    return row


async def make_automatic(session: Session, scope: Scope, wanted: AutomaticIn) -> AutomaticRow:
    """A new automatic discount."""
    row = AutomaticRow(**_head(scope), **_columns(wanted))
    await _add(session, scope, row, wanted)
    return row


async def make_dynamic(session: Session, scope: Scope, wanted: DynamicIn) -> DynamicRow:
    """A new way of making codes. Raises NameTaken, UnknownProperty."""
    await _known(session, scope, wanted.property_ids)
    row = DynamicRow(**_head(scope), **_columns(wanted))
    await _add(session, scope, row, wanted)
    return row


async def make_simple_code(
    session: Session,
    scope: Scope,
    wanted: SimpleIn,
    *,
    today: date,
    choose: Choose = secrets.choice,
) -> CodeRow:
    """A code for one use in every property of the organisation.

    Raises CodesUnusable before there is a property.
    """
    row = CodeRow(
        **_head(scope),
        origin=CodeOrigin.SIMPLE,
        code=await _free_code(session, scope, _SIMPLE, choose),
        percent=wanted.percent,
        usage_limit=1,
        property_ids=await _every_property(session, scope),
        valid_until=today + timedelta(days=wanted.valid_days),
    )
    await _add(session, scope, row, wanted)
    return row


async def make_dynamic_code(
    session: Session, scope: Scope, name: str, *, today: date, choose: Choose = secrets.choice
) -> CodeRow:
    """A code made as the configuration of this name says. Raises NotFound, CodesUnusable."""
    config = await repository.dynamic_by_name(session, scope, name)
    if config is None:
        raise NotFound
    if not config.active or not config.property_ids:
        raise CodesUnusable
    row = CodeRow(
        **_head(scope),
        origin=CodeOrigin.DYNAMIC,
        code=await _free_code(session, scope, config.prefix, choose),
        note=config.name,
        percent=config.percent,
        minimum_minor=config.minimum_minor,
        minimum_currency=config.minimum_currency,
        usage_limit=config.usage_limit,
        property_ids=list(config.property_ids),
        valid_until=today + timedelta(days=config.valid_days),
    )
    await _add(session, scope, row, None)
    return row


async def set_referral(
    session: Session, scope: Scope, achievement_id: UUID, wanted: ReferralIn
) -> ReferralRow:
    """What this level gives, in the place of what it gave."""
    row = await repository.level(session, scope, achievement_id)
    if row is None:
        row = ReferralRow(**_head(scope), achievement_id=achievement_id)
        session.add(row)
    row.percent, row.active, row.archived_at = wanted.percent, wanted.active, None
    await _save(session, row)
    await _tell(session, scope, row, Deed.REFERRAL_DISCOUNT_SET, wanted)
    return row


async def drop_referral(
    session: Session, scope: Scope, achievement_id: UUID, *, now: datetime
) -> None:
    """This level gives nothing any more. Raises NotFound."""
    row = await repository.level(session, scope, achievement_id)
    if row is None or row.archived_at is not None:
        raise NotFound
    row.archived_at = now
    await _tell(session, scope, row, Deed.REFERRAL_DISCOUNT_SET, None)


async def change[R: Kept](
    session: Session, scope: Scope, model: type[R], row_id: UUID, patch: Patch
) -> R:
    """Apply a patch. Raises NotFound, NameTaken, UnknownProperty, InvalidRequest."""
    row = await _locked(session, scope, model, row_id)
    await _known(session, scope, getattr(patch, "property_ids", None) or ())
    for name, value in _columns(patch, only_set=True).items():
        setattr(row, name, value)
    _dates_in_order(row)
    await _save(session, row)
    await _tell(session, scope, row, _CHANGED[model], patch)
    return row


async def archive[R: Kept](
    session: Session, scope: Scope, model: type[R], row_id: UUID, *, now: datetime
) -> None:
    """Put away for good; its word or name is free for a new one. Raises NotFound."""
    row = await _locked(session, scope, model, row_id)
    row.archived_at = now
    await _save(session, row)
    await _tell(session, scope, row, _CHANGED[model], None)


async def _locked[R: Kept](session: Session, scope: Scope, model: type[R], row_id: UUID) -> R:
    row = await repository.find(session, scope, model, row_id, lock=True)
    if row is None:
        raise NotFound
    return row


async def _add(session: Session, scope: Scope, row: Kept, wanted: BaseModel | None) -> None:
    session.add(row)
    await _save(session, row)
    await _tell(session, scope, row, _CREATED[type(row)], wanted)


async def _save(session: Session, row: Kept) -> None:
    if not await repository.save(session):
        raise CodeTaken if isinstance(row, CodeRow) else NameTaken


async def _tell(
    session: Session, scope: Scope, row: Kept, deed: Deed, after: BaseModel | None
) -> None:
    await audit.record(
        session, scope, action=deed, object_type=row.__tablename__, object_id=row.id, after=after
    )


async def _known(session: Session, scope: Scope, property_ids: Collection[UUID]) -> None:
    if property_ids and not set(property_ids) <= set(await _properties(session, scope)):
        raise UnknownProperty


async def _every_property(session: Session, scope: Scope) -> list[UUID]:
    found = await _properties(session, scope)
    if not found:
        raise CodesUnusable
    return found


async def _properties(session: Session, scope: Scope) -> list[UUID]:
    return sorted(await properties.property_ids(session, scope.organisation_id))


async def _free_code(session: Session, scope: Scope, prefix: str, choose: Choose) -> str:
    for _ in range(_TRIES):
        code = prefix + "".join(choose(LETTERS) for _ in range(_RANDOM_LETTERS))
        if await repository.code_is_free(session, scope, code):
            return code
    raise CodeTaken


def _head(scope: Scope) -> dict[str, UUID]:
    return {"id": new_id(), "organisation_id": scope.organisation_id}


def _columns(wanted: BaseModel, *, only_set: bool = False) -> dict[str, object]:
    names = wanted.model_fields_set if only_set else type(wanted).model_fields
    found: dict[str, object] = {}
    for name in names:
        value = getattr(wanted, name)
        match name:
            case "off":
                found |= _off(value)
            case "minimum":
                found |= _amount(name, value)
            case _:
                found[name] = value
    return found


def _off(off: OffIn) -> dict[str, Decimal | int | str | None]:
    return {"percent": off.percent, **_amount("fixed", off.fixed), **_amount("cap", off.cap)}


def _amount(name: str, amount: AmountIn | None) -> dict[str, int | str | None]:
    return {
        f"{name}_minor": None if amount is None else amount.minor,
        f"{name}_currency": None if amount is None else amount.currency,
    }


def _dates_in_order(row: Kept) -> None:
    match row:
        case CodeRow():
            first, last = row.valid_from, row.valid_until
        case AutomaticRow():
            first, last = row.arrival_from, row.arrival_until
        case _:
            return
    if first is not None and last is not None and last < first:
        raise InvalidRequest("the last day must not be before the first")
