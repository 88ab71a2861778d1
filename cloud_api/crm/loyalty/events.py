"""What has happened to points, for rooms that do not know this one?"""

from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event


class PointsEvent(Event):
    """What every event of points carries; `points` is signed, `balance` what is left after."""

    name: ClassVar[str] = "crm.points_event"

    organisation_id: UUID
    client_id: UUID
    points: int
    balance: int


class PointsEarned(PointsEvent):
    """For a stay of one's own, or of somebody one referred (`referred_client_id`)."""

    name = "crm.points_earned"

    reservation_id: UUID
    referred_client_id: UUID | None


class PointsRedeemed(PointsEvent):
    """Taken off a booking's price."""

    name = "crm.points_redeemed"

    reservation_id: UUID


class PointsRefunded(PointsEvent):
    """Given back because the booking is no more."""

    name = "crm.points_refunded"

    reservation_id: UUID


class ReferrerKnown(Event):
    """Who referred somebody is known now."""

    name = "crm.referrer_known"

    organisation_id: UUID
    client_id: UUID
    referrer_id: UUID
