"""Why can points not be taken off a booking?

PointsNotForThis  409  the booking's state or price does not allow it; `reason` says which
"""

from typing import Literal

from cloud_api.kit.errors import Conflict

type Reason = Literal["not_a_stay", "not_live", "unpriced", "redeemed_already", "more_than_due"]


class PointsNotForThis(Conflict):
    """Points cannot be redeemed for this booking."""

    code = "points_not_for_this"
    title = "Points cannot be redeemed for this reservation"

    def __init__(self, reason: Reason) -> None:
        super().__init__(extra={"reason": reason})
