"""Why do points not move, or nobody become somebody's referrer?

PointsOff          409  the organisation has not said what a point is worth
PointsShort        409  fewer points are there
PointsNoRate       409  the stay's currency cannot be compared with the points'
OtherGuests        409  the booking is another person's
PointsTooFew       422  less than the smallest amount of money
CodeUnknown        422  nobody has this referral code
CodeOwn            422  it is their own, or of somebody they referred
ReferredAlready    409  who referred somebody is said once
"""

from cloud_api.kit.errors import Conflict, InvalidRequest


class PointsOff(Conflict):
    """The organisation has not said what a point is worth."""

    code = "points_not_in_use"
    title = "Points are not in use here yet: say what one is worth"


class PointsShort(Conflict):
    """Fewer points are there."""

    code = "points_short"
    title = "There are not that many points"

    def __init__(self, available: int) -> None:
        super().__init__(extra={"available": available})


class PointsNoRate(Conflict):
    """The currencies cannot be compared."""

    code = "points_without_rate"
    title = "No exchange rate is known between the points and this stay"


class OtherGuests(Conflict):
    """The booking is another person's."""

    code = "reservation_of_another"
    title = "This reservation is another client's"


class PointsTooFew(InvalidRequest):
    """Worth less than the smallest amount of money."""

    code = "points_worth_nothing"
    title = "So few points are worth nothing in this stay's currency"


class CodeUnknown(InvalidRequest):
    """Nobody has this code."""

    code = "referral_code_unknown"
    title = "Nobody has this referral code"


class CodeOwn(InvalidRequest):
    """People cannot refer themselves, nor who referred them."""

    code = "referral_in_a_circle"
    title = "Nobody is referred by themselves, nor by somebody they referred"


class ReferredAlready(Conflict):
    """Said once, for good."""

    code = "referred_already"
    title = "Who referred this client was said already"
