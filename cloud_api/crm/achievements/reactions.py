"""After which events is somebody judged anew?"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.crm.achievements import service
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools


class BookingChanged(BaseModel):
    """What is read of a booking that counts now, or no more."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    client_id: UUID | None


class Referred(BaseModel):
    """What is read of somebody who was referred."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    client_id: UUID


class NeedsChanged(BaseModel):
    """What is read where something else has to be reached."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID


async def _booking(session: Session, event: BookingChanged, tools: Tools) -> None:
    if event.client_id is not None:
        await service.review_with_referrer(
            session, event.organisation_id, event.client_id, now=tools.clock.utc_now()
        )


async def _referred(session: Session, event: Referred, tools: Tools) -> None:
    await service.review_with_referrer(
        session, event.organisation_id, event.client_id, now=tools.clock.utc_now()
    )


async def _needs(session: Session, event: NeedsChanged, tools: Tools) -> None:
    await service.review_all(session, event.organisation_id, now=tools.clock.utc_now())


_COUNTED = ("confirmed", "cancelled", "no_show", "completed")

_ON_BOOKINGS = tuple(
    Reaction(f"reservations.{what}", f"crm.judge_on_{what}", BookingChanged, _booking)
    for what in _COUNTED
)
_ON_REFERRER = Reaction("crm.referrer_known", "crm.judge_on_referrer", Referred, _referred)
_ON_NEEDS = Reaction("crm.achievements_changed", "crm.judge_everybody", NeedsChanged, _needs)

REACTIONS: tuple[AnyReaction, ...] = (*_ON_BOOKINGS, _ON_REFERRER, _ON_NEEDS)
