"""Which things of the house may somebody see, and which use?

The answer to "now?" is `decide`, with the right that is named here; this only says which right.
"""

from collections.abc import Iterable
from uuid import UUID

from protocol.access import Right, Verb

NEEDS: dict[str, frozenset[Verb]] = {
    "things": frozenset({Verb.HOME_READ, Verb.HOME_USE}),
    "use": frozenset({Verb.HOME_USE}),
}
"""Which rights allow a wish: any one of them does. Who may use a thing may see it."""

CHANGES_SOMETHING = frozenset({"use"})
"""Wishes that are put on record; looking is not."""


def targets(rights: Iterable[str], wish: str) -> frozenset[UUID]:
    """The things a holder of these rights may have this wish for; none for a wish not known."""
    needed = NEEDS.get(wish, frozenset())
    parsed = (Right.parse(text) for text in rights)
    return frozenset(
        right.target
        for right in parsed
        if right is not None and right.verb in needed and right.target is not None
    )


def right_for(rights: Iterable[str], wish: str, thing: UUID) -> Right | None:
    """The right to put before `decide`; None when the holder has none that would do."""
    held = set(rights)
    candidates = (Right(verb, thing) for verb in sorted(NEEDS.get(wish, frozenset())))
    return next((right for right in candidates if str(right) in held), None)
