"""How does one entity of Home Assistant read in our own words?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

UNAVAILABLE = "unavailable"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EntityState:
    """An entity as the server tells it; `updated_at` is by the server's own clock."""

    entity: str
    state: str
    attributes: Mapping[str, JsonValue]
    updated_at: datetime | None

    def text(self, name: str) -> str | None:
        """An attribute, if it is a text with something in it."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> float | None:
        """An attribute, if it is a number."""
        value = self.attributes.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if is_number and isinstance(value, int | float) else None

    def flag(self, name: str) -> bool | None:
        """An attribute, if it is a truth."""
        value = self.attributes.get(name)
        return value if isinstance(value, bool) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """An attribute, if it is a list; what is no text in it is left out."""
        value = self.attributes.get(name)
        return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()

    def has_feature(self, bit: int) -> bool:
        """Whether the entity says that it can do this."""
        features = self.attributes.get("supported_features")
        return isinstance(features, int) and bool(features & bit)


@dataclass(frozen=True, slots=True)
class Change:
    """News of one entity; `now` None: it has gone."""

    entity: str
    now: EntityState | None
