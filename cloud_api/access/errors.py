"""What does access refuse?

GrantNotFoundError       404  no such grant for this caller
GrantOverError           409  revoked, or its window has ended
RequestNotFoundError     404  no such request for this caller
RequestDecidedError      409  somebody answered already, or it expired
LinkRefusedError         401  the link is not valid (any more)
TooManyCompanionsError   409  the stay's number of companions is reached
NothingToGrantError      422  none of what was asked for can be given
NoFreePinError           503  no unused PIN was found
TooManyRightsError       409  more doors and players than one grant can name
WindowTooLongError       422  longer than the property lets staff hold a key
RoleForbidsError         422  this person's role may not do what was asked for
StaffUnknownError        404  no such member of staff, or not active
AnswerInHouseError       409  asked in the house; only the house can answer
NotYoursError            403  this door or player is not part of the grant
NoStaffGrantError        403  this person has no grant for that door now
CommandIdTakenError      409  the client's id names another command
HouseRefusedError        403  the house itself said no; `reason` is a stable word
NoMusicHereError         501  the house has no music server
NoSuchMusicError         404  the house knows no such music; `reason` is a stable word
MusicNotTakenError       422  the house does not take this, it may take another; `reason` likewise
MusicFailedError         502  the house tried and could not; `reason` likewise
HookUnknownError         404  no such address for a vendor's messages
HouseNotReachedError     504  no answer from the house in time
"""

from cloud_api.kit.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Problem,
    Unauthenticated,
    Unavailable,
)


class GrantNotFoundError(NotFound):
    """No such grant for this caller."""

    code = "grant_not_found"
    title = "There is no such grant"


class GrantOverError(Conflict):
    """It was revoked, or its window has ended."""

    code = "grant_over"
    title = "This grant has ended"


class RequestNotFoundError(NotFound):
    """No such request for this caller."""

    code = "request_not_found"
    title = "There is no such request"


class RequestDecidedError(Conflict):
    """Somebody answered already, or it expired."""

    code = "request_decided"
    title = "This request has been answered or has expired"


class LinkRefusedError(Unauthenticated):
    """The link is not valid (any more); says no more than that."""

    code = "link_refused"
    title = "This link is not valid any more; ask your host for a new one"


class TooManyCompanionsError(Conflict):
    """The stay's number of companions is reached."""

    code = "too_many_companions"
    title = "No more companions can join this stay"


class NothingToGrantError(InvalidRequest):
    """None of what was asked for can be given."""

    code = "nothing_to_grant"
    title = "Nothing of what was asked for can be given here"


class NoFreePinError(Unavailable):
    """No unused PIN was found; trying again finds one."""

    code = "no_free_pin"
    title = "No unused PIN was found; try again"


class TooManyRightsError(Conflict):
    """More doors and players than one grant can name; a person must sell the house in parts."""

    code = "too_many_rights"
    title = "One grant cannot name so many doors and players"


class WindowTooLongError(InvalidRequest):
    """Longer than the property lets staff hold such a key."""

    code = "window_too_long"
    title = "Staff may not hold such a key for so long here; make it shorter, or renew it later"

    def __init__(self, *, most_hours: int) -> None:
        super().__init__(extra={"most_hours": most_hours})


class RoleForbidsError(InvalidRequest):
    """The person's role may not do what was asked for."""

    code = "role_forbids"
    title = "This person's role may not do that"


class StaffUnknownError(NotFound):
    """No such member of staff, or not active."""

    code = "staff_not_found"
    title = "There is no such member of staff"


class AnswerInHouseError(Conflict):
    """Asked in the house; only the house can answer."""

    code = "answer_in_house"
    title = "This was asked in the house; answer it on the house's own page"


class NotYoursError(Forbidden):
    """Not part of the grant; also said of what does not exist."""

    code = "not_yours"
    title = "This is not part of your stay"


class NoStaffGrantError(Forbidden):
    """No grant for that door now; also said of doors that do not exist."""

    code = "no_staff_grant"
    title = "You have no grant for this door at this time"


class CommandIdTakenError(Conflict):
    """The client's id names another command."""

    code = "command_id_taken"
    title = "This command id belongs to another command"


class HouseRefusedError(Forbidden):
    """The house itself said no, on its own book."""

    code = "house_refused"
    title = "The house does not allow this"


class NoMusicHereError(Problem):
    """The house has no music server."""

    status = 501
    code = "no_music_here"
    title = "This house has no music server; its players are listed, but cannot be steered"


class NoSuchMusicError(NotFound):
    """What was named is not at the house's music server."""

    code = "no_such_music"
    title = "There is no such music in this house"


class MusicNotTakenError(InvalidRequest):
    """Not this, or not now and not so; something else may be taken."""

    code = "music_not_taken"
    title = "The house does not take this; choose something else"


class MusicFailedError(Problem):
    """The house tried and could not."""

    status = 502
    code = "music_failed"
    title = "The house could not do this"


class HookUnknownError(NotFound):
    """No such address for a vendor's messages; says no more than that."""

    code = "hook_not_found"
    title = "Nobody listens here"


class HouseNotReachedError(Problem):
    """No answer in time; nothing that comes later will be carried out."""

    status = 504
    code = "house_not_reached"
    title = "The house did not answer in time; nothing more will happen"
