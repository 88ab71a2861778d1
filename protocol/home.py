"""What may be asked of a house's heating, lights, switches and sensors, and how do they read?"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from protocol.base import ShortText, Wire
from protocol.ids import ThingId

type Degrees = Annotated[float, Field(ge=-50, le=150, allow_inf_nan=False)]
"""In the unit the house's Home Assistant uses."""

EntityName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$", max_length=200)]
"""What a thing is called at Home Assistant: `climate.pool`."""


class ThingKind(StrEnum):
    """What a thing is to people; what it can do, Home Assistant knows."""

    CLIMATE = "climate"
    POOL_HEATING = "pool_heating"
    LIGHT = "light"
    SWITCH = "switch"
    SENSOR = "sensor"


MOST_THINGS = 100
"""In one house."""


class Thing(Wire):
    """A chosen entity. `lowest`, `highest`: what the host lets anybody set it to."""

    thing: ThingId
    name: ShortText
    kind: ThingKind
    entity: EntityName
    lowest: Degrees | None = None
    highest: Degrees | None = None


class HomeWord(StrEnum):
    """What of a stay the host lets the house's own automations know; nothing unless named."""

    TIMES = "times"
    FIRST_NAME = "first_name"
    POOL_HEATING = "pool_heating"
    PAID_IN_FULL = "paid_in_full"
    LEVEL = "level"
    POINTS = "points"


class Things(Wire):
    """List the things the grant may see, with their states."""

    verb: Literal["things"] = "things"


class UseThing(Wire):
    """Turn a thing on or off, or set its temperature: exactly one of the two."""

    verb: Literal["use"] = "use"
    thing: ThingId
    on: bool | None = None
    degrees: Degrees | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.on is None) == (self.degrees is None):
            raise ValueError("either on or degrees")
        return self


HomeVerb = Annotated[Things | UseThing, Field(discriminator="verb")]


class ThingView(Wire):
    """A thing as people see it. `state` is Home Assistant's word, None where nothing is known.

    `stale`: heard some time ago; the server is away. `lowest`, `highest`: as the host set them.
    """

    thing: ThingId
    name: str
    kind: ThingKind
    may_use: bool
    state: str | None = Field(default=None, max_length=255)
    stale: bool = False
    unit: str | None = Field(default=None, max_length=40)
    measured: float | None = None
    target: float | None = None
    lowest: float | None = None
    highest: float | None = None
