"""How are discounts, codes and their uses read and written?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.exc import IntegrityError

from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.pricing.discounts.models import (
    AutomaticRow,
    CodeRow,
    CodeUseRow,
    DynamicRow,
    Kept,
    ReferralRow,
    TakesOff,
)
from cloud_api.pricing.discounts.types import (
    AutomaticOffer,
    CodeOffer,
    CodeOrigin,
    LevelOffer,
    Off,
)

_NAMES = frozenset({"uq_discount_codes_code", "uq_dynamic_code_configs_name"})
_A_QUOTE = "a quote is asked by a guest; the organisation is the unit's"

_SORTING: Final[dict[str, Column]] = {
    "code": CodeRow.code,
    "created_at": CodeRow.created_at,
    "valid_until": CodeRow.valid_until,
}
# Two that ask for the last use at once stand in line here, and the second counts the first's.
_LOCK_CODE: Final = text(
    "SELECT usage_limit FROM discount_codes WHERE id = :code_id FOR NO KEY UPDATE"
)
_IS_LIMITED: Final = text(
    "SELECT organisation_id, usage_limit IS NOT NULL AS limited FROM discount_codes"
    " WHERE id = :code_id"
)
_USES: Final = text(
    "SELECT count(*) FROM discount_code_uses WHERE code_id = :code_id AND given_back_at IS NULL"
    " AND reservation_id <> :reservation_id"
)
_USE: Final = text("""
INSERT INTO discount_code_uses (code_id, reservation_id, organisation_id)
VALUES (:code_id, :reservation_id, :organisation_id)
ON CONFLICT (code_id, reservation_id) DO UPDATE SET given_back_at = NULL
WHERE discount_code_uses.given_back_at IS NOT NULL
""")
_GIVE_BACK: Final = text(
    "UPDATE discount_code_uses SET given_back_at = now()"
    " WHERE reservation_id = :reservation_id AND given_back_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which codes of a list: None means any."""

    words: str | None = None
    active: bool | None = None
    origin: CodeOrigin | None = None
    property_id: UUID | None = None


async def code_offer(session: Session, organisation_id: UUID, code: str) -> CodeOffer | None:
    """The organisation's code of these capitals, and how often it was used."""
    used = (
        select(func.count())
        .where(CodeUseRow.code_id == CodeRow.id, CodeUseRow.given_back_at.is_(None))
        .correlate(CodeRow)
        .scalar_subquery()
    )
    statement = select(CodeRow, used.label("used")).where(
        CodeRow.organisation_id == organisation_id,
        CodeRow.code == code,
        CodeRow.archived_at.is_(None),
    )
    found = (await session.execute(across_tenants(statement, because=_A_QUOTE))).one_or_none()
    return None if found is None else offer_of_code(found[0], used=found[1])


async def automatic_offers(session: Session, organisation_id: UUID) -> tuple[AutomaticOffer, ...]:
    """The organisation's automatic discounts that are active."""
    statement = select(AutomaticRow).where(
        AutomaticRow.organisation_id == organisation_id,
        AutomaticRow.active,
        AutomaticRow.archived_at.is_(None),
    )
    rows = await session.scalars(across_tenants(statement, because=_A_QUOTE))
    return tuple(offer_of_automatic(row) for row in rows)


async def level_offers(session: Session, organisation_id: UUID) -> tuple[LevelOffer, ...]:
    """What each level of a referrer gives, active or not."""
    statement = select(ReferralRow).where(
        ReferralRow.organisation_id == organisation_id, ReferralRow.archived_at.is_(None)
    )
    rows = await session.scalars(across_tenants(statement, because=_A_QUOTE))
    return tuple(LevelOffer(row.id, row.achievement_id, row.percent, row.active) for row in rows)


async def use_code(session: Session, code_id: UUID, reservation_id: UUID) -> bool | None:
    """Note one use; False when none is left, None for a code that does not exist."""
    key: dict[str, object] = {"code_id": code_id, "reservation_id": reservation_id}
    code = (await session.execute(_IS_LIMITED, {"code_id": code_id})).one_or_none()
    if code is None:
        return None
    if code.limited:
        limit = await session.scalar(_LOCK_CODE, {"code_id": code_id})
        if limit is not None and await session.scalar(_USES, key) >= limit:
            return False
    await session.execute(_USE, {**key, "organisation_id": code.organisation_id})
    return True


async def give_back(session: Session, reservation_id: UUID) -> None:
    """Its uses of codes, if any, count no more."""
    await session.execute(_GIVE_BACK, {"reservation_id": reservation_id})


async def find[R: Kept](
    session: Session, scope: Scope, model: type[R], row_id: UUID, *, lock: bool = False
) -> R | None:
    """One of the caller's own that is not in the archive."""
    statement = scoped(
        select(model).where(model.id == row_id, model.archived_at.is_(None)), model, scope
    )
    return await session.scalar(statement.with_for_update() if lock else statement)


async def page[R: Kept](
    session: Session, scope: Scope, model: type[R], window: Window
) -> tuple[list[R], int]:
    """A page of the caller's own, oldest first."""
    return await read_page(
        session, _kept(model, scope), window, order=[model.created_at.asc(), model.id.asc()]
    )


async def page_of_codes(
    session: Session, scope: Scope, window: Window, *, sort: str | None, wanted: Filter
) -> tuple[list[CodeRow], int]:
    """A page of the caller's codes."""
    statement = _narrowed(_kept(CodeRow, scope), wanted)
    order = ordering(sort, _SORTING, default="-created_at", last=CodeRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def uses_of(session: Session, scope: Scope, code_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How often each of these codes was used; those never used are missing."""
    statement = select(CodeUseRow.code_id, func.count()).where(
        CodeUseRow.code_id.in_(code_ids), CodeUseRow.given_back_at.is_(None)
    )
    counted = scoped(statement, CodeUseRow, scope).group_by(CodeUseRow.code_id)
    return {code_id: used for code_id, used in await session.execute(counted)}  # noqa: C416 - rows, not pairs


async def level(session: Session, scope: Scope, achievement_id: UUID) -> ReferralRow | None:
    """The caller's entry for this level, also from the archive, locked."""
    statement = select(ReferralRow).where(ReferralRow.achievement_id == achievement_id)
    return await session.scalar(scoped(statement, ReferralRow, scope).with_for_update())


async def dynamic_by_name(session: Session, scope: Scope, name: str) -> DynamicRow | None:
    """The caller's configuration of this name, however it is capitalised."""
    statement = select(DynamicRow).where(
        func.lower(DynamicRow.name) == name.lower(), DynamicRow.archived_at.is_(None)
    )
    return await session.scalar(scoped(statement, DynamicRow, scope))


async def code_is_free(session: Session, scope: Scope, code: str) -> bool:
    """Does the organisation have no such code yet?"""
    statement = select(CodeRow.id).where(CodeRow.code == code, CodeRow.archived_at.is_(None))
    return await session.scalar(scoped(statement, CodeRow, scope)) is None


async def save(session: Session) -> bool:
    """Write what was added or changed; False when its name is another's already."""
    try:
        await session.flush()
    except IntegrityError as error:
        cause = getattr(error.orig, "__cause__", None)
        if getattr(cause, "constraint_name", None) in _NAMES:
            return False
        raise
    return True


def offer_of_code(row: CodeRow, *, used: int) -> CodeOffer:
    """What the rules need of it."""
    return CodeOffer(
        id=row.id,
        code=row.code,
        off=off_of(row),
        active=row.active,
        property_ids=frozenset(row.property_ids),
        minimum=money_of(row.minimum_minor, row.minimum_currency),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        usage_limit=row.usage_limit,
        used=used,
        only_weekdays=row.only_weekdays,
        only_weekends=row.only_weekends,
    )


def offer_of_automatic(row: AutomaticRow) -> AutomaticOffer:
    """What the rules need of it."""
    return AutomaticOffer(
        id=row.id,
        name=row.name,
        trigger=row.trigger,
        off=off_of(row),
        arrival_from=row.arrival_from,
        arrival_until=row.arrival_until,
        weekdays=frozenset(row.weekdays),
        only_weekdays=row.only_weekdays,
        only_weekends=row.only_weekends,
        achievements=frozenset(row.achievement_ids),
        base_price_only=row.base_price_only,
    )


def off_of(row: TakesOff) -> Off:
    """How much it takes off."""
    return Off(
        percent=row.percent,
        fixed=money_of(row.fixed_minor, row.fixed_currency),
        cap=money_of(row.cap_minor, row.cap_currency),
    )


def money_of(minor: int | None, currency: str | None) -> Money | None:
    """Two columns as one amount."""
    return None if minor is None or currency is None else Money(minor, currency)


def _kept[R: Kept](model: type[R], scope: Scope) -> Select[R]:
    return scoped(select(model).where(model.archived_at.is_(None)), model, scope)


def _narrowed(statement: Select[CodeRow], wanted: Filter) -> Select[CodeRow]:
    if wanted.words:
        statement = statement.where(
            or_(
                CodeRow.code.contains(wanted.words.upper(), autoescape=True),
                CodeRow.note.icontains(wanted.words, autoescape=True),
            )
        )
    if wanted.active is not None:
        statement = statement.where(CodeRow.active == wanted.active)
    if wanted.origin is not None:
        statement = statement.where(CodeRow.origin == wanted.origin)
    if wanted.property_id is not None:
        statement = statement.where(CodeRow.property_ids.contains([wanted.property_id]))
    return statement
