"""Which refusals can making room meet?

InvalidRequest (422)
  GroupUnitsError               units that cannot stand for one another
  MovesError                    these moves are no rearrangement
NotFound (404)
  GroupNotFoundError
  RearrangementNotFoundError
Conflict (409)
  GroupTakenError               name or unit is in another group
  RearrangementStaleError       something changed since it was suggested, or since it was applied
"""

from cloud_api.kit.errors import Conflict, InvalidRequest, NotFound


class GroupUnitsError(InvalidRequest):
    """These units cannot stand for one another."""

    code = "invalid_group"
    title = "These units cannot be interchangeable"


class MovesError(InvalidRequest):
    """Nobody may move like that."""

    code = "invalid_moves"
    title = "These moves are no rearrangement"


class GroupNotFoundError(NotFound):
    """No such group of this organisation."""

    title = "There is no such group"


class RearrangementNotFoundError(NotFound):
    """No such rearrangement of this organisation."""

    title = "There is no such rearrangement"


class GroupTakenError(Conflict):
    """The name or one of the units is in a group already."""

    code = "group_taken"
    title = "This name or one of these units is in another group"


class RearrangementStaleError(Conflict):
    """The bookings are not any more as they were."""

    code = "rearrangement_stale"
    title = "Something has changed since; look again"
