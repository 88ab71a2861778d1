"""What can forbid a member to do something?

LastContact   409  prove another way to reach you first
BornLater     422  a birth date is in the past
"""

from cloud_api.kit.errors import Conflict, InvalidRequest


class LastContact(Conflict):
    """Without it nobody could sign in again."""

    code = "last_contact"
    title = "This is your last contact; add another one first"


class BornLater(InvalidRequest):
    """Not born yet."""

    code = "born_later"
    title = "A birth date is in the past"
