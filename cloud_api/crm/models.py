"""Which tables has this room? Each sub-room describes its own."""

from cloud_api.crm.achievements.models import AchievementRow, AwardRow
from cloud_api.crm.contests.models import CategoryRow, ContestEntryRow, ContestRow
from cloud_api.crm.facebook.models import FacebookAppRow
from cloud_api.crm.loyalty.models import EntryRow, LoyaltySettingsRow, MemberRow
from cloud_api.crm.referrals.models import RankedMonthRow, RankingRow

__all__ = [
    "AchievementRow",
    "AwardRow",
    "CategoryRow",
    "ContestEntryRow",
    "ContestRow",
    "EntryRow",
    "FacebookAppRow",
    "LoyaltySettingsRow",
    "MemberRow",
    "RankedMonthRow",
    "RankingRow",
]
