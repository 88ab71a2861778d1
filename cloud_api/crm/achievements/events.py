"""What has happened to achievements?"""

from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event


class AwardEvent(Event):
    """What every event of an achievement of somebody carries."""

    name: ClassVar[str] = "crm.award_event"

    organisation_id: UUID
    client_id: UUID
    achievement_id: UUID


class AchievementGranted(AwardEvent):
    """Reached for the first time."""

    name = "crm.achievement_granted"


class AchievementReturned(AwardEvent):
    """Reached again after it was taken back."""

    name = "crm.achievement_returned"


class AchievementRevoked(AwardEvent):
    """Not reached any more."""

    name = "crm.achievement_revoked"


class AchievementsChanged(Event):
    """What has to be reached is another: everybody is judged anew."""

    name = "crm.achievements_changed"

    organisation_id: UUID
