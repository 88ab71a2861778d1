"""How are a person's wishes spoken of over HTTP?"""

from datetime import datetime, time
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from cloud_api.messaging.rules import DAY_BEGINS, DAY_ENDS
from cloud_api.messaging.types import Medium, PreferenceType


class PreferencesIn(BaseModel):
    """What they agree to hear, by what; what is not named is agreed to. Hours are local."""

    model_config = ConfigDict(extra="forbid")

    media: dict[Medium, bool] = {}
    kinds: dict[PreferenceType, bool] = {}
    hours_from: time = DAY_BEGINS
    hours_until: time = DAY_ENDS

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.hours_from >= self.hours_until:
            raise ValueError("hours_from comes before hours_until")
        if self.hours_from.tzinfo or self.hours_until.tzinfo:
            raise ValueError("hours are local: without an offset")
        return self


class PreferencesOut(BaseModel):
    """What they agreed to; `opted_out_at`: when they wanted nothing more."""

    model_config = ConfigDict(from_attributes=True)

    media: dict[Medium, bool] = {}
    kinds: dict[PreferenceType, bool] = {}
    hours_from: time = DAY_BEGINS
    hours_until: time = DAY_ENDS
    opted_out_at: datetime | None = None
