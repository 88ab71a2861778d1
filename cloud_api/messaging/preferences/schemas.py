"""How are a person's wishes spoken of over HTTP?"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from cloud_api.messaging.rules import DAY_BEGINS, DAY_ENDS
from cloud_api.messaging.types import Medium, PreferenceType
from cloud_api.properties.schemas import LocalHour


class PreferencesIn(BaseModel):
    """What they agree to hear, by what; what is not named is agreed to.

    Hours are the house's; they may cross midnight, and from an hour to itself is the whole day.
    """

    model_config = ConfigDict(extra="forbid")

    media: dict[Medium, bool] = {}
    kinds: dict[PreferenceType, bool] = {}
    hours_from: LocalHour = DAY_BEGINS
    hours_until: LocalHour = DAY_ENDS


class PreferencesOut(BaseModel):
    """What they agreed to; `opted_out_at`: when they wanted nothing more."""

    model_config = ConfigDict(from_attributes=True)

    media: dict[Medium, bool] = {}
    kinds: dict[PreferenceType, bool] = {}
    hours_from: LocalHour = DAY_BEGINS
    hours_until: LocalHour = DAY_ENDS
    opted_out_at: datetime | None = None
