"""What does asking for a thing of the house refuse?

NoHomeHereError         501  the house has no Home Assistant
ThingNotTakenError      422  the thing does not do this; `reason` is a stable word
ThingFailedError        502  the house tried and could not, or cannot tell; `reason` likewise
"""

from cloud_api.kit.errors import InvalidRequest, Problem


class NoHomeHereError(Problem):
    """The house has no Home Assistant."""

    status = 501
    code = "no_home_here"
    title = "This house has no Home Assistant; its things are listed, but cannot be used"


class ThingNotTakenError(InvalidRequest):
    """Nothing was done: not with this thing, or not with this temperature."""

    code = "thing_not_taken"
    title = "This thing does not do that; nothing was changed"


class ThingFailedError(Problem):
    """It may or may not have been done; the state tells."""

    status = 502
    code = "thing_failed"
    title = "The house could not do this, or cannot tell whether it is done"
