"""What does access do when bookings change, and when houses report?"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from cloud_api.access.grants import service as grants_service
from cloud_api.access.grants.types import Makings
from cloud_api.access.house import service as house_service
from cloud_api.access.house.service import FromHouse
from cloud_api.fleet import service as fleet_service
from cloud_api.kit.db import JsonObject, Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools
from protocol.facts import (
    Alarmed,
    DelegationEnded,
    FactBody,
    FirstUsed,
    PinMoved,
    RequestDecided,
    Requested,
)

_FACT: TypeAdapter[FactBody] = TypeAdapter(FactBody)


class StayChanged(BaseModel):
    """What access reads of any event of a booking: which one to look at again."""

    model_config = ConfigDict(extra="ignore")

    reservation_id: UUID


class HouseTouched(BaseModel):
    """What access reads of a changed house: which one to look at again."""

    model_config = ConfigDict(extra="ignore")

    house_id: UUID


class FactReceived(BaseModel):
    """What access reads of a house's fact. `asker`: the name in a companion's request, opened."""

    model_config = ConfigDict(extra="ignore")

    house_id: UUID
    organisation_id: UUID
    chain: int
    sequence: int
    at_earliest: datetime
    understood: bool
    body: JsonObject
    asker: str | None


async def _sync_stay(session: Session, event: StayChanged, tools: Tools) -> None:
    makings = Makings(vault=tools.vault, clock=tools.clock)
    await grants_service.sync_stay(session, makings, reservation_id=event.reservation_id)


async def _touch_house(session: Session, event: HouseTouched, tools: Tools) -> None:
    await grants_service.touch_stays(session, tools.clock, house_id=event.house_id)


async def _take_fact(session: Session, event: FactReceived, tools: Tools) -> None:
    if not event.understood:
        return  # a newer house's word; fleet keeps it
    makings = Makings(vault=tools.vault, clock=tools.clock)
    house = FromHouse(
        event.house_id, event.organisation_id, event.at_earliest, event.chain, event.sequence
    )
    match _FACT.validate_python(event.body):
        case FirstUsed() as fact:
            await house_service.first_used(session, makings, house, fact)
        case PinMoved() as fact:
            await house_service.pin_moved(session, makings, house, fact)
        case Requested() as fact:
            await house_service.requested(session, house, fact, name=event.asker)
        case RequestDecided() as fact:
            key = await fleet_service.signing_key_of(session, event.house_id)
            await house_service.request_decided(session, makings, house, fact, house_key=key)
        case Alarmed(name="revoked_grants_returned") as fact:
            await house_service.found_revoked(session, makings, house, fact)
        case DelegationEnded() as fact:
            await house_service.delegation_ended(session, makings, house, fact)
        case _:
            return  # the other facts are kept by fleet and need no deed here


_STAY_EVENTS = (
    "reservations.confirmed",
    "reservations.moved",
    "reservations.cancelled",
    "reservations.rejected",
    "reservations.expired",
    "reservations.no_show",
    "reservations.checked_in",
    "reservations.hours_agreed",
    "reservations.completed",
    "access.stay_touched",
)


def _on_stay(event_name: str) -> Reaction[StayChanged]:
    return Reaction(
        event_name,
        f"access.sync_stay_on_{event_name.removeprefix('reservations.')}",
        StayChanged,
        _sync_stay,
        prompt=True,
    )


_ON_STAYS = tuple(_on_stay(event_name) for event_name in _STAY_EVENTS)
_ON_FACTS = Reaction(
    "fleet.house_fact_received", "access.take_fact", FactReceived, _take_fact, prompt=True
)

_ON_HOUSES = Reaction("properties.house_changed", "access.touch_stays", HouseTouched, _touch_house)

REACTIONS: tuple[AnyReaction, ...] = (*_ON_STAYS, _ON_FACTS, _ON_HOUSES)
