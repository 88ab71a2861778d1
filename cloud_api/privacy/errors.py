"""What can forbid forgetting a person?

StayNotOver   409  they are in a house, or about to come: cancel or wait first
"""

from cloud_api.kit.errors import Conflict


class StayNotOver(Conflict):
    """A booking of theirs still lives."""

    code = "stay_not_over"
    title = "This person still has a booking; cancel it or wait until it is over"
