"""How are limits and ways spoken of over HTTP?"""

from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cloud_api.messaging.rules import Caps
from cloud_api.messaging.types import ChannelName, MessageEvent


def _a_zone(name: str | None) -> str | None:
    if name is not None and name not in available_timezones():
        raise ValueError("not a time zone of the IANA data base")
    return name


type Count = Annotated[int, Field(ge=0, le=1000)]


class LimitsIO(BaseModel):
    """How often a person is written to at most; weeks begin on Monday.

    `zone` (IANA) is where days and contact hours are meant when no house is known; UTC by default.
    """

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    zone: Annotated[str | None, AfterValidator(_a_zone)] = None
    sms_on: bool = Caps().sms_on
    sms_per_day: Count = Caps().sms_per_day
    sms_per_month: Count = Caps().sms_per_month
    email_per_week: Count = Caps().email_per_week
    email_per_month: Count = Caps().email_per_month


class WaysIn(BaseModel):
    """How an event is told: one message by each way, by the first channel of it that takes it."""

    model_config = ConfigDict(extra="forbid")

    active: bool = True
    ways: Annotated[
        list[Annotated[list[ChannelName], Field(min_length=1, max_length=5)]],
        Field(min_length=1, max_length=5),
    ]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [channel for way in self.ways for channel in way]
        if len(set(named)) < len(named):
            raise ValueError("each channel may be named once")
        return self


class WaysOut(BaseModel):
    """How an event is told; `own`: as the organisation says, not as by default."""

    event: MessageEvent
    active: bool
    ways: list[list[ChannelName]]
    own: bool
