"""What can go wrong while something is done in the background?

Problem
  DeadLetterNotFound   404  there is none, or not for this caller
GivenUpError                tried often enough: now a dead letter, until a person replays it
EventGoneError              the event was pruned or never there: nothing to react to
KillsItsWorkerError         begun again and again and never ended: the process died with it
"""

import traceback
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from cloud_api.kit.errors import NotFound

_MOST_CHARACTERS = 300
_ROOT = Path(__file__).parent.parent.parent


class DeadLetterNotFound(NotFound):
    """There is no such dead letter, or not for this caller."""

    code = "dead_letter_not_found"
    title = "There is no such dead letter here"


class GivenUpError(Exception):
    """Tried often enough."""


class EventGoneError(Exception):
    """The event a reaction was to handle is not there."""


class KillsItsWorkerError(Exception):
    """The reaction was begun many times and never came to an end."""


def describe(error: BaseException) -> str:
    """What went wrong and where, for people; without SQL parameters and without inputs."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [frame for frame in frames if Path(frame.filename).is_relative_to(_ROOT)]
    ours = [frame for frame in where if ".venv" not in frame.filename]
    place = f" at {_place(ours[-1])}" if ours else ""
    return f"{type(error).__name__}: {_message(error)}{place}"


def _place(frame: traceback.FrameSummary) -> str:
    return f"{Path(frame.filename).relative_to(_ROOT)}:{frame.lineno} in {frame.name}"


def _message(error: BaseException) -> str:
    if isinstance(error, DBAPIError):
        text = str(error.orig).partition("\n")[0]
    elif isinstance(error, ValidationError):
        text = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors())
    elif isinstance(error, ExceptionGroup):
        text = ", ".join(describe(each) for each in error.exceptions)
    else:
        text = str(error)
    return text[:_MOST_CHARACTERS]
