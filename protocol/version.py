"""Do two sides that were built at different times understand each other?

One integer: a side at version N writes N. It reads N and N-1 exactly, and N+1 tolerantly:
fields it does not know are skipped, unless the message lists a feature under `must_understand`
that the reader lacks. Everything further apart is refused. This function is the only judge.
"""

from collections.abc import Iterable
from enum import StrEnum

VERSION = 1
"""What this code writes."""

FEATURES: frozenset[str] = frozenset()
"""Features beyond version 1's own fields that this code understands, by name."""


class Reading(StrEnum):
    """How a message may be read."""

    EXACT = "exact"
    TOLERANT = "tolerant"
    TOO_NEW = "too_new"
    TOO_OLD = "too_old"


def reading(message_version: int, *, reader: int = VERSION) -> Reading:
    """How a reader built at version `reader` takes a message of `message_version`."""
    ahead = message_version - reader
    if ahead in (0, -1) and message_version >= 1:
        return Reading.EXACT
    if ahead == 1:
        return Reading.TOLERANT
    return Reading.TOO_NEW if ahead > 1 else Reading.TOO_OLD


def not_understood(
    must_understand: Iterable[str], *, features: frozenset[str] = FEATURES
) -> tuple[str, ...]:
    """The features a message insists on that the reader lacks; empty means go ahead."""
    return tuple(sorted(set(must_understand) - features))
