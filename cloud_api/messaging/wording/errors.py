"""What can be wrong with words?

UnknownVariablesError, MissingVariablesError   a caller of ours does not know the event: a mistake
TemplateInvalid            422  it cannot be read, or uses what templates may not
TemplateUnknownVariables   422  it names words that the event does not have
"""

from collections.abc import Iterable

from cloud_api.kit.errors import InvalidRequest
from cloud_api.messaging.types import MessageEvent


class UnknownVariablesError(ValueError):
    """The event has no such words."""

    def __init__(self, event: MessageEvent, names: Iterable[str]) -> None:
        super().__init__(f"{event} knows no {', '.join(sorted(names))}")


class MissingVariablesError(ValueError):
    """The event cannot be told without these."""

    def __init__(self, event: MessageEvent, names: Iterable[str]) -> None:
        super().__init__(f"{event} needs {', '.join(sorted(names))}")


class TemplateInvalid(InvalidRequest):
    """It cannot be read."""

    code = "template_invalid"
    title = "This template cannot be used"


class TemplateUnknownVariables(InvalidRequest):
    """It names words that are not there."""

    code = "template_unknown_variables"
    title = "This template uses variables that the event does not have"
