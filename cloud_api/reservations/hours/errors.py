"""Which refusals can agreed hours meet?

HourNotOfferedError (409)   it cannot be had: says why
HourPriceChangedError (409) it costs something else now
HourUnfitError (422)        this hour is no later, or no earlier, than the house's own
"""

from cloud_api.kit.errors import Conflict, InvalidRequest


class HourNotOfferedError(Conflict):
    """It cannot be had."""

    code = "hour_not_offered"
    title = "This stay cannot be stretched"

    def __init__(self, why: str) -> None:
        super().__init__(extra={"reason": why})


class HourPriceChangedError(Conflict):
    """Another price than the one agreed to."""

    code = "hour_price_changed"
    title = "It costs something else now; look again"


class HourUnfitError(InvalidRequest):
    """Not later, or not earlier, than the house says."""

    code = "hour_unfit"
    title = "This hour is within the house's own hours"
