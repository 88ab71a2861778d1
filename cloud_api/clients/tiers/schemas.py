"""How do tiers look from outside?"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud_api.clients.types import Allowance, Tier, TierSettings

type _Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class AllowanceIO(BaseModel):
    """How many requests a signed-in person may make."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    per_minute: _Count
    per_day: _Count


class AllowancesIO(BaseModel):
    """What the people of each tier may ask of us."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    new: AllowanceIO
    regular: AllowanceIO
    super: AllowanceIO


class TiersIO(BaseModel):
    """From how many visits on somebody is regular, above how many super (for good)."""

    model_config = ConfigDict(extra="forbid")

    regular_from: _Count
    super_above: _Count
    allowances: AllowancesIO
    anonymous_per_minute: Annotated[
        _Count, Field(description="requests of one address that has not signed in")
    ]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.super_above < self.regular_from:
            raise ValueError("super_above may not be less than regular_from")
        return self

    @classmethod
    def of(cls, settings: TierSettings) -> "TiersIO":
        """As it is seen."""
        told = {tier.value: each for tier, each in settings.allowances.items()}
        return cls(
            regular_from=settings.regular_from,
            super_above=settings.super_above,
            allowances=AllowancesIO(
                **{name: AllowanceIO.model_validate(each) for name, each in told.items()}
            ),
            anonymous_per_minute=settings.anonymous_per_minute,
        )

    def settings(self) -> TierSettings:
        """As the rules read it."""
        wanted = self.allowances.model_dump()
        return TierSettings(
            regular_from=self.regular_from,
            super_above=self.super_above,
            allowances={tier: Allowance(**wanted[tier.value]) for tier in Tier},
            anonymous_per_minute=self.anonymous_per_minute,
        )
