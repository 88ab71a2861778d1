"""How does a no sound to somebody further away from its cause?"""

from protocol.access import Refusal

_THROUGH_PARENT = {
    Refusal.ENDED: Refusal.PARENT_ENDED,
    Refusal.UNKNOWN_GRANT: Refusal.PARENT_ENDED,
}

_LIFTED_BY_OVERRIDE = frozenset({Refusal.TIME_UNKNOWN})

_NEVER_AGAIN = frozenset(
    {Refusal.REVOKED, Refusal.ENDED, Refusal.PARENT_ENDED, Refusal.UNKNOWN_GRANT}
)


def through_parent(refusal: Refusal) -> Refusal:
    """What a child is told when its parent was refused."""
    return _THROUGH_PARENT.get(refusal, refusal)


def lifted_by_override(refusal: Refusal) -> bool:
    """True when a recorded host override may still open."""
    return refusal in _LIFTED_BY_OVERRIDE


def is_final(refusal: Refusal) -> bool:
    """True when waiting will not help: a session on such a grant is over."""
    return refusal in _NEVER_AGAIN
