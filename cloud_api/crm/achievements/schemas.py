"""What do achievements look like from outside?"""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from cloud_api.crm.achievements.models import AchievementRow
from cloud_api.crm.achievements.types import Achievement, Reached
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, OptionalLine

type Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class AchievementIn(BaseModel):
    """Something to reach: all three numbers."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    icon: OptionalLine = ""
    place: Count = 0
    required_stays: Count = 0
    required_referrals: Count = 0
    required_referred_stays: Count = 0
    active: StrictBool = True


class AchievementPatch(Patch):
    """What changes; everybody is judged anew."""

    name: Line | None = None
    icon: OptionalLine | None = None
    place: Count | None = None
    required_stays: Count | None = None
    required_referrals: Count | None = None
    required_referred_stays: Count | None = None
    active: StrictBool | None = None


class AchievementOut(BaseModel):
    """Something to reach."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    icon: str
    place: int
    required_stays: int
    required_referrals: int
    required_referred_stays: int
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, row: AchievementRow) -> Self:
        """As it is kept."""
        return cls.model_validate(row)


class LevelOut(BaseModel):
    """An achievement somebody has."""

    id: UUID
    name: str
    icon: str

    @classmethod
    def of(cls, each: Achievement) -> Self:
        """Its name and icon."""
        return cls(id=each.id, name=each.name, icon=each.icon)


class StandingOut(BaseModel):
    """What somebody has reached; `level` is the highest achievement held."""

    client_id: UUID
    stays: int
    referrals: int
    referred_stays: int
    level: LevelOut | None
    achievements: list[LevelOut]

    @classmethod
    def of(
        cls,
        client_id: UUID,
        reached: Reached,
        held: list[Achievement],
        level: Achievement | None,
    ) -> Self:
        """As it is now."""
        return cls(
            client_id=client_id,
            stays=reached.stays,
            referrals=reached.referrals,
            referred_stays=reached.referred_stays,
            level=level and LevelOut.of(level),
            achievements=[LevelOut.of(each) for each in held],
        )
