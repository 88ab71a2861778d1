"""Until when may a house that hears nothing more honour what was taken away?"""

from collections.abc import Iterable
from datetime import datetime

from cloud_api.fleet.unheard.types import Said, StillOut
from protocol.access import Right, Verb

_OVERRIDE = str(Right(Verb.ACCESS_OVERRIDE))


def worst_case(out: StillOut) -> datetime | None:
    """None when the grant, as the house may know it, allows nothing it should not."""
    until = honoured_until(out)
    if out.wish is None or _is_less(out.said, out.wish):
        return until
    if out.said.starts < out.wish.starts:
        # Only what comes before the new beginning was taken away.
        return min(until, out.wish.starts)
    return None


def latest(outs: Iterable[StillOut]) -> datetime | None:
    """The worst of all."""
    return max((end for each in outs if (end := worst_case(each)) is not None), default=None)


def honoured_until(out: StillOut) -> datetime:
    """As the house decides it: the lease only bounds those who cannot have begun before its end.

    A guest who arrives within the lease is honoured to the end of the stay; a PIN is kept by the
    lock itself, which knows of no lease; who may override opens with unknown time.
    """
    said = out.said
    if out.lease_until is None or said.credentials or _OVERRIDE in said.rights:
        return said.ends
    if out.of_guest and (out.checked_in or said.starts < out.lease_until):
        return said.ends
    return min(said.ends, out.lease_until)


def _is_less(said: Said, wish: Said) -> bool:
    """Does the wish end sooner, open less, or go by another link or PIN?"""
    return (
        wish.ends < said.ends
        or wish.generation > said.generation
        or not set(said.rights) <= set(wish.rights)
        or not set(said.credentials) <= set(wish.credentials)
    )
