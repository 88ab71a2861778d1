"""What is known of a house's configuration?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.db import JsonObject


class ConfigurationState(StrEnum):
    """PENDING until the house says what became of it."""

    NONE = "none"
    PENDING = "pending"
    TRIED = "tried"
    APPLIED = "applied"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class ConfigurationView:
    """What a house shall be set to. `reason`: a stable word, where it is not in force."""

    version: int
    settings: JsonObject
    state: ConfigurationState
    reason: str | None
    made_at: datetime | None
    told_at: datetime | None


NOTHING_SET = ConfigurationView(0, {}, ConfigurationState.NONE, None, None, None)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """The newest wish for a house, to be signed."""

    version: int
    settings: JsonObject


@dataclass(frozen=True, slots=True)
class Signed:
    """The exact signed bytes for a house."""

    house_id: UUID
    epoch: int
    version: int
    frame: bytes
