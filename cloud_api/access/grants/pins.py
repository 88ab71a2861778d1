"""Which PIN does a stay have at which lock, and where does it stand?"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from uuid import UUID

from cloud_api.access.errors import NoFreePinError
from cloud_api.access.grants import repository
from cloud_api.access.grants.types import Makings
from cloud_api.access.models import GrantRow, PinRow
from cloud_api.access.rules import is_personal, new_pin
from cloud_api.fleet.types import DesiredPin
from cloud_api.kit.db import Session

_TRIES = 50
MOST_REPLACED = 5
"""A lock that refuses so many different digits needs a person, not more digits."""


type Telling = Callable[[], Awaitable[tuple[str, ...]]]
"""Numbers a stranger may know of the guest or the house; asked only when digits are chosen."""


async def ensure(
    session: Session,
    makings: Makings,
    *,
    grant: GrantRow,
    locks: tuple[UUID, ...],
    is_new: bool,
    telling: Telling,
) -> tuple[DesiredPin, ...]:
    """The stay's one PIN is wanted on exactly these locks; a longer stay keeps its digits.

    Only where somebody had the same digits at a lock that is new to the stay, it gets other ones.
    Answers what the house shall write into its locks.
    """
    rows = [] if is_new else await repository.pins_of(session, grant.id)
    digits = await _digits_for(session, makings, grant, rows, locks, telling)
    have = {row.lock_id: row for row in rows if _digits(makings, row) == digits}
    for row in rows:
        row.wanted = have.get(row.lock_id) is row and row.lock_id in locks
    await session.flush()  # what is wanted no more goes first: one wanted PIN at each lock
    fresh = [_row(makings, grant, lock, digits) for lock in locks if lock not in have]
    session.add_all(fresh)
    await session.flush()
    return _desired(makings, grant, [*rows, *fresh])


async def _digits_for(  # noqa: PLR0917 - all of them are what a choice rests on
    session: Session,
    makings: Makings,
    grant: GrantRow,
    rows: list[PinRow],
    locks: tuple[UUID, ...],
    telling: Telling,
) -> str:
    known = next((row for row in reversed(rows) if row.wanted), rows[-1] if rows else None)
    if known is not None:
        digits = _digits(makings, known)
        if await _is_free(session, makings, grant, locks, digits):
            return digits
    return await _choose(session, makings, grant, locks, telling=telling)


async def replace(
    session: Session, makings: Makings, *, grant: GrantRow, telling: Telling
) -> tuple[DesiredPin, ...] | None:
    """Other digits at all of the stay's locks, because one refused these; None after too many.

    The guest's former digits stay in the locks that hold them until the new ones are proven there.
    """
    rows = await repository.pins_of(session, grant.id)
    tried = {_digits(makings, row) for row in rows}
    locks = tuple(row.lock_id for row in rows if row.wanted)
    if len(tried) > MOST_REPLACED or not locks:
        return None
    digits = await _choose(session, makings, grant, locks, telling=telling, never=frozenset(tried))
    for row in rows:
        row.wanted = False
    await session.flush()  # what is wanted no more goes first: one wanted PIN at each lock
    fresh = [_row(makings, grant, lock, digits) for lock in locks]
    session.add_all(fresh)
    await session.flush()
    return _desired(makings, grant, [*rows, *fresh])


async def former_at(
    session: Session, locks: Iterable[UUID], *, except_grant: UUID | None, now: datetime
) -> dict[UUID, datetime]:
    """Locks that may still hold somebody's PIN whose time is over, and since when that is known."""
    return await repository.former_pins(session, locks, except_grant=except_grant, now=now)


async def wanted(session: Session, makings: Makings, grant: GrantRow) -> tuple[DesiredPin, ...]:
    """What the house shall write into its locks for this grant."""
    return _desired(makings, grant, await repository.pins_of(session, grant.id))


def _desired(makings: Makings, grant: GrantRow, rows: Iterable[PinRow]) -> tuple[DesiredPin, ...]:
    return tuple(
        DesiredPin(
            credential=row.id,
            lock=row.lock_id,
            starts=grant.starts,
            ends=grant.ends,
            digits=_digits(makings, row),
        )
        for row in rows
        if row.wanted
    )


async def shown(session: Session, makings: Makings, grant_id: UUID) -> str | None:
    """The digits, for the stay's own guest or a member of staff who may see them."""
    rows = await repository.pins_of(session, grant_id)
    return next((_digits(makings, row) for row in rows if row.wanted), None)


async def _choose(
    session: Session,
    makings: Makings,
    grant: GrantRow,
    locks: tuple[UUID, ...],
    *,
    telling: Telling,
    never: frozenset[str] = frozenset(),
) -> str:
    known = await telling()
    for _ in range(_TRIES):
        digits = new_pin(makings.choose)
        if digits in never or is_personal(digits, known):
            continue
        if await _is_free(session, makings, grant, locks, digits):
            return digits
    raise NoFreePinError


async def _is_free(
    session: Session, makings: Makings, grant: GrantRow, locks: tuple[UUID, ...], digits: str
) -> bool:
    prints = {lock: _fingerprint(makings, lock, digits) for lock in locks}
    return not await repository.is_pin_used(session, prints, except_grant=grant.id)


def _row(makings: Makings, grant: GrantRow, lock: UUID, digits: str) -> PinRow:
    credential = makings.new_id()
    return PinRow(
        id=credential,
        organisation_id=grant.organisation_id,
        grant_id=grant.id,
        lock_id=lock,
        digits=makings.vault.lock(digits, context=_place(credential)),
        fingerprint=_fingerprint(makings, lock, digits),
        wanted=True,
    )


def _digits(makings: Makings, row: PinRow) -> str:
    return makings.vault.unlock(row.digits, context=_place(row.id))


def _fingerprint(makings: Makings, lock: UUID, digits: str) -> bytes:
    return makings.vault.fingerprint(digits, context=f"pin|{lock}")


def _place(credential: UUID) -> str:
    return f"access_pins|{credential}"
