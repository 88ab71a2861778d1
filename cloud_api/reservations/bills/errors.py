"""Which refusals can a booking's price meet?

QuoteMismatchError (409)   the quote is for other units, dates or guests
UnpricedError (409)        this booking has no price that could change
"""

from collections.abc import Iterable

from cloud_api.kit.errors import Conflict


class QuoteMismatchError(Conflict):
    """The quote was given for something else."""

    code = "quote_mismatch"
    title = "This quote is for other units, dates or guests"

    def __init__(self, differing: Iterable[str]) -> None:
        super().__init__(extra={"differs": list(differing)})


class UnpricedError(Conflict):
    """Nobody ever agreed on a price."""

    code = "unpriced"
    title = "This booking has no price"
