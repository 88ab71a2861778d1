"""How are things of the house asked for over HTTP?"""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud_api.properties.types import ThingPlace
from protocol.home import Degrees, ThingKind, ThingView


class UseIn(BaseModel):
    """Exactly one of `on` and `degrees`."""

    model_config = ConfigDict(extra="forbid")

    on: Annotated[bool, Field(strict=True)] | None = None
    degrees: Degrees | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.on is None) == (self.degrees is None):
            raise ValueError("either on or degrees")
        return self


class ThingStateOut(BaseModel):
    """A thing as it is now. `state` is Home Assistant's word, null where nothing is known.

    `stale`: heard some time ago. Temperatures in the unit of the house's Home Assistant.
    """

    thing_id: UUID
    name: str
    kind: ThingKind
    may_use: bool
    state: str | None = None
    stale: bool = False
    unit: str | None = None
    measured: float | None = None
    target: float | None = None
    lowest: float | None = None
    highest: float | None = None

    @classmethod
    def silent(cls, place: ThingPlace, *, may_use: bool) -> Self:
        """Where the house does not answer."""
        return cls(
            thing_id=place.id,
            name=place.name,
            kind=place.kind,
            may_use=may_use,
            lowest=place.lowest,
            highest=place.highest,
        )

    @classmethod
    def told(cls, view: ThingView) -> Self:
        """In the house's own words."""
        return cls(thing_id=view.thing, **view.model_dump(exclude={"thing"}))


class ThingsOut(BaseModel):
    """The things somebody may see. `live`: the house answered; else `why` is a stable word."""

    things: list[ThingStateOut]
    live: bool
    why: str | None = None
