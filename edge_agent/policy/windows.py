"""Is a half-open window open, when now is only known as an interval?

A start must be proven and an end must be disproven: every doubt is a no.
"""

from datetime import datetime

from edge_agent.policy.model import Time
from protocol.access import Refusal, Window


def closed(window: Window, time: Time) -> Refusal | None:
    """Why the window `[starts, ends)` cannot be shown to be open now; None when it is."""
    if time.earliest >= window.ends:
        return Refusal.ENDED
    if time.latest is None:
        return Refusal.TIME_UNKNOWN
    if time.earliest < window.starts:
        return Refusal.NOT_STARTED
    return Refusal.ENDED if time.latest >= window.ends else None


def lease_over(lease_until: datetime, time: Time) -> Refusal | None:
    """Why arrivals are no longer admitted on this book; None while they are."""
    if time.earliest >= lease_until:
        return Refusal.LEASE_ENDED
    if time.latest is None:
        return Refusal.TIME_UNKNOWN
    return Refusal.LEASE_ENDED if time.latest >= lease_until else None


def is_past(window: Window, time: Time) -> bool:
    """True when the window has surely ended."""
    return time.earliest >= window.ends


def by_the_least(time: Time) -> Time:
    """Time as a recorded host override takes it: as late as is proven, and no later."""
    return Time(time.earliest, time.latest or time.earliest)
