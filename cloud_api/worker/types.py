"""What does a worker consist of?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from cloud_api.kit.db import Database
from cloud_api.kit.errands import AnyErrand
from cloud_api.kit.jobs import AnyJob, AnyReaction, Tools, unique

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Pace:
    """How many reactions at once, how often to look unasked, when a silent worker is dead.

    `hands` do what somebody waits for while the event is `fresh`; `at_once` are the engine's.
    """

    at_once: int = 8
    look_every: timedelta = timedelta(seconds=1)
    retake_after: timedelta = timedelta(seconds=10)
    beat_every: timedelta = timedelta(seconds=3)
    hands: int = 3
    fresh: timedelta = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """All one worker does and has."""

    database: Database
    tools: Tools
    reactions: tuple[AnyReaction, ...]
    jobs: tuple[AnyJob, ...] = ()
    errands: tuple[AnyErrand, ...] = ()
    pace: Pace = field(default=Pace())
    prompt: Mapping[str, AnyReaction] = field(init=False)

    def __post_init__(self) -> None:
        unique(self.reactions)
        unique(self.errands)
        for job in unique(self.jobs):
            cron(job.every)
        prompt = [each for each in self.reactions if each.prompt]
        if len({each.event_name for each in prompt}) < len(prompt):
            raise ValueError("two prompt reactions to one event")
        # Frozen; what follows from the reactions is worked out once.
        object.__setattr__(self, "prompt", {each.event_name: each for each in prompt})

    def bound_to(self, event_name: str) -> list[AnyReaction]:
        """Every reaction to events of this name."""
        return [each for each in self.reactions if each.event_name == event_name]


def cron(every: timedelta) -> str:
    """The engine's expression (seconds last) for a period; ValueError when it has none."""
    seconds = int(every.total_seconds())
    for unit, whole, form in (
        (1, _MINUTE, "* * * * * */{}"),
        (_MINUTE, _HOUR, "*/{} * * * *"),
        (_HOUR, _DAY, "0 */{} * * *"),
    ):
        if unit <= seconds < whole and seconds % unit == 0 and whole % seconds == 0:
            return form.format(seconds // unit)
    if seconds == _DAY:
        return "0 0 * * *"
    raise ValueError(f"{every} does not divide a minute, an hour or a day")
