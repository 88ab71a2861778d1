"""What is on a card?"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What somebody gets who comes by this guest's word; nothing where nothing was reached."""

    code: str | None = None
    level: str | None = None
    level_icon: str | None = None
    discount_percent: Decimal | None = None
    facebook_linked: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """All a stranger is told."""

    name: str
    property: str
    recommends: Recommendation
