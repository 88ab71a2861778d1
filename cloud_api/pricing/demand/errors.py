"""What can be wrong with what is asked of demand?

PlaceTaken          409  the town is watched already
VenueTaken          409  the hall is minded already
SuggestionDecided   409  the suggestion was accepted or dismissed before: undo that first
NothingToUndo       409  nobody has decided on the suggestion yet
SuggestionPast      409  the day is over
DayPriced           409  another event has set the price of that day: undo that first
NoProperty          409  no property follows the town any more
"""

from cloud_api.kit.errors import Conflict


class PlaceTaken(Conflict):
    """One town is watched once."""

    code = "place_taken"
    title = "This town is watched already"


class VenueTaken(Conflict):
    """One hall is minded once."""

    code = "venue_taken"
    title = "This hall is minded already"


class SuggestionDecided(Conflict):
    """Somebody has accepted or dismissed it."""

    code = "suggestion_decided"
    title = "This suggestion was accepted or dismissed before"


class NothingToUndo(Conflict):
    """It is open."""

    code = "nothing_to_undo"
    title = "Nobody has decided on this suggestion"


class SuggestionPast(Conflict):
    """Its day is over."""

    code = "suggestion_past"
    title = "The day of this suggestion is over"


class NoProperty(Conflict):
    """Whose prices should change?"""

    code = "no_property"
    title = "No property follows this town"


class DayPriced(Conflict):
    """One event sets the price of a day."""

    code = "day_priced"
    title = "Another event has set the price of this day"
