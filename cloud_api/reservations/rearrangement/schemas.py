"""How are equal units, and ways to make room, told from outside?"""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.kit.money import Money
from cloud_api.kit.text import Line
from cloud_api.reservations.rearrangement.types import MOST_MOVES, Done, Group, Step
from cloud_api.reservations.schemas import Channel, CheckIn, CheckOut, ContactIn, Guests


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GroupIn(_In):
    """Units that are as good as one another; the whole list, also when it changes."""

    name: Line
    unit_ids: Annotated[list[UUID], Field(min_length=2, max_length=50)]


class GroupOut(BaseModel):
    """Interchangeable units."""

    id: UUID
    name: str
    unit_ids: list[UUID]

    @classmethod
    def of(cls, group: Group) -> Self:
        """As it is."""
        return cls(id=group.id, name=group.name, unit_ids=list(group.unit_ids))


class MoveOut(BaseModel):
    """One stay that would go elsewhere, on its own nights."""

    reservation_id: UUID
    code: str
    version: Annotated[int, Field(description="proves that nothing changed since")]
    check_in: date
    check_out: date
    guests: int
    from_unit_id: UUID
    to_unit_id: UUID

    @classmethod
    def of(cls, step: Step) -> Self:
        """As suggested."""
        stay = step.stay
        return cls(
            reservation_id=stay.reservation_id,
            code=stay.code,
            version=stay.version,
            check_in=stay.nights.check_in,
            check_out=stay.nights.check_out,
            guests=stay.guests,
            from_unit_id=stay.unit_id,
            to_unit_id=step.to_unit_id,
        )


class OptionOut(BaseModel):
    """One unit that is free, or would be after these moves; its price for the dates asked."""

    group_id: UUID
    unit_id: UUID
    unit_name: str
    house_id: UUID
    house_name: str
    capacity: int
    price: Money | None
    second_price: Money | None
    moves: list[MoveOut]


class SuggestionsOut(BaseModel):
    """Direct options need no move; the others name theirs, fewest first."""

    check_in: date
    check_out: date
    guests: int
    direct: list[OptionOut]
    with_moves: list[OptionOut]
    units_looked_at: int
    complete: Annotated[bool, Field(description="false: some units were given up as too hard")]


class MoveIn(_In):
    """One move of the option, as it was suggested."""

    reservation_id: UUID
    to_unit_id: UUID
    version: Annotated[int, Field(strict=True, ge=1)]


class WantedHoldIn(_In):
    """Who gets the room; held, or confirmed at once."""

    contact: ContactIn
    channel: Channel = "staff"
    confirmed: bool = False


class AcceptIn(_In):
    """One option, accepted."""

    unit_id: UUID
    check_in: CheckIn
    check_out: CheckOut
    guests: Guests
    moves: Annotated[list[MoveIn], Field(min_length=1, max_length=MOST_MOVES)]
    hold: WantedHoldIn | None = None


class MovedOut(BaseModel):
    """One stay that was moved."""

    reservation_id: UUID
    from_unit_id: UUID
    to_unit_id: UUID


class RearrangementOut(BaseModel):
    """An accepted rearrangement."""

    id: UUID
    unit_id: UUID
    check_in: date
    check_out: date
    guests: int
    moves: list[MovedOut]
    held_id: UUID | None
    applied_at: datetime
    undone_at: datetime | None

    @classmethod
    def of(cls, done: Done) -> Self:
        """As it stands."""
        return cls(
            id=done.id,
            unit_id=done.unit_id,
            check_in=done.nights.check_in,
            check_out=done.nights.check_out,
            guests=done.guests,
            moves=[
                MovedOut(
                    reservation_id=each.reservation_id,
                    from_unit_id=each.from_unit_id,
                    to_unit_id=each.to_unit_id,
                )
                for each in done.moves
            ],
            held_id=done.held_id,
            applied_at=done.applied_at,
            undone_at=done.undone_at,
        )
