"""What is on a card?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """All a stranger is told."""

    name: str
    property: str
