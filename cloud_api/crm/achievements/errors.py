"""What can be wrong with an achievement?

AchievementTaken  409  another one has this name
"""

from cloud_api.kit.errors import Conflict


class AchievementTaken(Conflict):
    """Another one has this name."""

    code = "achievement_taken"
    title = "There is an achievement of this name already"
