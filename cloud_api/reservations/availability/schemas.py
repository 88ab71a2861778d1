"""How is what somebody looks for, and what was found, told from outside?"""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from cloud_api.kit.money import Money
from cloud_api.reservations.availability.types import Alternative, Found, HouseNights, WhyNot
from cloud_api.reservations.types import Nights


class AlternativeOut(BaseModel):
    """Other nights that are free."""

    check_in: date
    check_out: date
    nights: int
    shift_days: Annotated[int, Field(description="days later than asked; negative: earlier")]

    @classmethod
    def of(cls, other: Alternative) -> Self:
        """As found."""
        nights = other.nights
        return cls(
            check_in=nights.check_in,
            check_out=nights.check_out,
            nights=nights.count,
            shift_days=other.shift_days,
        )


class PriceOut(BaseModel):
    """What the stay costs, mandatory services and fees included, discounts not."""

    total: Money
    second_total: Annotated[Money | None, Field(description="in the property's second currency")]


class QuotableOut(BaseModel):
    """What to send to have this price quoted and signed."""

    unit_ids: list[UUID]
    check_in: date
    check_out: date
    guests: int


class FoundOut(BaseModel):
    """One unit; `taken` lists wished nights that are taken, never by whom."""

    unit_id: UUID
    unit_name: str
    house_id: UUID
    house_name: str
    property_id: UUID
    capacity: int
    free: bool
    why_not: list[WhyNot]
    taken: list[date]
    price: PriceOut | None
    quote: QuotableOut | None
    nearest: Annotated[list[AlternativeOut], Field(description="as long, at most 7 days away")]
    shorter: Annotated[list[AlternativeOut], Field(description="free parts of the wished nights")]

    @classmethod
    def of(cls, found: Found, nights: Nights, guests: int) -> Self:
        """As found for these nights and guests."""
        total = found.total_in(None)
        unit = found.unit
        return cls(
            unit_id=unit.unit_id,
            unit_name=unit.name,
            house_id=unit.house_id,
            house_name=unit.house_name,
            property_id=unit.property_id,
            capacity=unit.capacity,
            free=found.free,
            why_not=list(found.why_not),
            taken=list(found.taken),
            price=total
            and PriceOut(total=total, second_total=found.price and found.price.second_total),
            quote=QuotableOut(
                unit_ids=[unit.unit_id],
                check_in=nights.check_in,
                check_out=nights.check_out,
                guests=guests,
            )
            if found.free
            else None,
            nearest=[AlternativeOut.of(each) for each in found.nearest],
            shorter=[AlternativeOut.of(each) for each in found.shorter],
        )


class UnitNightsOut(BaseModel):
    """One unit's calendar; says nothing about by whom nights are taken."""

    unit_id: UUID
    unit_name: str
    capacity: int
    taken: list[date]
    free: list[date]
    free_count: int


class HouseNightsOut(BaseModel):
    """A house's calendar, half-open."""

    house_id: UUID
    house_name: str
    first: Annotated[date, Field(description="first night told")]
    until: Annotated[date, Field(description="the day after the last night told")]
    units: list[UnitNightsOut]

    @classmethod
    def of(cls, house: HouseNights) -> Self:
        """Every night of the span once, taken or free."""
        every = house.span.common(house.span)
        units = []
        for unit in house.units:
            taken = house.taken.get(unit.unit_id, ())
            free = sorted(set(every).difference(taken))
            units.append(
                UnitNightsOut(
                    unit_id=unit.unit_id,
                    unit_name=unit.name,
                    capacity=unit.capacity,
                    taken=list(taken),
                    free=free,
                    free_count=len(free),
                )
            )
        return cls(
            house_id=house.house_id,
            house_name=house.house_name,
            first=house.span.check_in,
            until=house.span.check_out,
            units=units,
        )
