"""How do settings from afar reach the keepers of locks that are at work already?"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from edge_agent.actions.keep_lock import LockKeeper
from protocol.configuration import HouseSettings


def tuner(
    keepers: Sequence[LockKeeper], *, look_after_seconds: float, pin_preload_hours: float
) -> Callable[[HouseSettings], None]:
    """Sets each keeper as told; the two are what holds where nothing is told."""

    def tune(settings: HouseSettings) -> None:
        period = settings.look_after_seconds or look_after_seconds
        told = settings.pin_preload_hours
        preload = timedelta(hours=pin_preload_hours if told is None else told)
        for keeper in keepers:
            if (keeper.period, keeper.pins.wishes.preload) != (period, preload):
                keeper.period, keeper.pins.wishes.preload = period, preload
                keeper.room.news.set()

    return tune
