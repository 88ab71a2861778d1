"""What happens to points when stays end or are no more?"""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.crm.loyalty import service
from cloud_api.crm.loyalty.service import Stay
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools
from cloud_api.kit.money import Money


class StayEnded(BaseModel):
    """What is read of a stay that has ended."""

    model_config = ConfigDict(extra="ignore")

    reservation_id: UUID
    organisation_id: UUID
    check_out: date
    kind: str
    client_id: UUID | None
    price: Money | None
    channel: str


class BookingGone(BaseModel):
    """What is read of a booking that is no more."""

    model_config = ConfigDict(extra="ignore")

    reservation_id: UUID
    organisation_id: UUID


async def _earn(session: Session, event: StayEnded, tools: Tools) -> None:
    if event.client_id is None:
        return
    stay = Stay(
        reservation_id=event.reservation_id,
        organisation_id=event.organisation_id,
        client_id=event.client_id,
        kind=event.kind,
        channel=event.channel,
        price=event.price,
        check_out=event.check_out,
    )
    await service.earn(session, stay, now=tools.clock.utc_now())


async def _refund(session: Session, event: BookingGone, tools: Tools) -> None:
    now = tools.clock.utc_now()
    await service.refund(session, event.organisation_id, event.reservation_id, now=now)


_GONE = ("cancelled", "rejected", "expired")

_ON_END = Reaction("reservations.completed", "crm.earn_points", StayEnded, _earn)
_ON_GONE = tuple(
    Reaction(f"reservations.{how}", f"crm.refund_points_on_{how}", BookingGone, _refund)
    for how in _GONE
)

REACTIONS: tuple[AnyReaction, ...] = (_ON_END, *_ON_GONE)
