"""What can be wrong with a Facebook account that somebody links?

FacebookNotHere       409  this house takes no Facebook accounts
FacebookTokenWrong    422  log in at Facebook again
FacebookUnavailable   503  Facebook does not answer; try again later
"""

from cloud_api.kit.errors import Conflict, InvalidRequest, Unavailable


class FacebookNotHere(Conflict):
    """Nobody set up an application."""

    code = "facebook_not_here"
    title = "Facebook accounts cannot be linked here"


class FacebookTokenWrong(InvalidRequest):
    """Not for our application, run out, taken back, or nobody's: Facebook says so."""

    code = "facebook_token_wrong"
    title = "Facebook does not vouch for this login; log in there again"


class FacebookUnavailable(Unavailable):
    """No answer, or none that can be understood."""

    code = "facebook_unavailable"
    title = "Facebook does not answer just now; try again"
