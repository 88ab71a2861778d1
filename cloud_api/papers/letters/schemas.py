"""How are letters spoken of over HTTP?"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from cloud_api.kit.text import Line
from cloud_api.messaging.types import MessageEvent
from cloud_api.papers.letters.types import GUEST_LETTERS, USUAL, ByHand, Habits
from cloud_api.properties.schemas import LocalHour

type Page = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=500)]
type Days = Annotated[int, Field(ge=0, le=30)]
type Minutes = Annotated[int, Field(ge=5, le=4320)]
type Hours = Annotated[int, Field(ge=1, le=72)]


class LetterIn(BaseModel):
    """Which letter to send now, with what is true now."""

    model_config = ConfigDict(extra="forbid")

    letter: ByHand


class LetterNote(BaseModel):
    """What the record says of a letter by hand."""

    letter: ByHand
    messages: int


class LetterSettings(BaseModel):
    """How a property writes to its guests; hours are the house's own."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    off: Annotated[list[MessageEvent], Field(max_length=20)] = []
    invitation_days: Days = USUAL.invitation_days
    welcome_days: Days = USUAL.welcome_days
    key_days: Days = USUAL.key_days
    key_delayed_hours: Hours = USUAL.key_delayed_hours
    voucher_minutes: Minutes = USUAL.voucher_minutes
    thanks_days: Days = USUAL.thanks_days
    send_at: LocalHour = USUAL.send_at
    check_out_at: LocalHour = USUAL.check_out_at
    review_url: Page | None = None
    contact: Line | None = None

    @field_validator("off")
    @classmethod
    def _known(cls, off: list[MessageEvent]) -> list[MessageEvent]:
        strange = [each.value for each in off if each not in GUEST_LETTERS]
        if strange:
            raise ValueError(f"no letters of a stay: {', '.join(strange)}")
        return sorted(set(off))

    @classmethod
    def of(cls, habits: Habits) -> Self:
        """As they are kept."""
        return cls(
            off=sorted(habits.off),
            **{name: getattr(habits, name) for name in cls.model_fields if name != "off"},
        )

    def habits(self) -> Habits:
        """As the rules read them."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "off"}
        return Habits(off=frozenset(self.off), **values)
