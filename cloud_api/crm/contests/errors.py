"""Why can somebody not take part, or an event not be changed?

EntryRefused       409  `reasons` say why; with the person's level and the first one wanted
EntryState         409  the registration's status does not allow it
ContestFull        409  nobody more can be approved
CategoryTaken      409  another category has this name
ContestInvalid     422  the deadline is after the event, or names something unknown
EvidenceRefused    422  a picture of at most 10 MB is wanted
"""

from collections.abc import Sequence

from cloud_api.crm.contests.types import EntryStatus, Refusal
from cloud_api.kit.errors import Conflict, InvalidRequest


class EntryRefused(Conflict):
    """They cannot register."""

    code = "registration_refused"
    title = "This client cannot register for it"

    def __init__(
        self, reasons: Sequence[Refusal], *, level: str | None = None, wanted: str | None = None
    ) -> None:
        extra = {"reasons": [each.value for each in reasons]}
        super().__init__(extra={**extra, "level": level, "wanted_achievement": wanted})


class EntryState(Conflict):
    """The registration's status does not allow it."""

    code = "registration_state"
    title = "The registration's status does not allow this"

    def __init__(self, status: EntryStatus) -> None:
        super().__init__(extra={"state": status.value})


class ContestFull(Conflict):
    """As many as may are in."""

    code = "contest_full"
    title = "As many as may take part are approved"


class CategoryTaken(Conflict):
    """Another category has this name."""

    code = "category_taken"
    title = "There is a category of this name already"


class ContestInvalid(InvalidRequest):
    """It contradicts itself, or names something that is not there."""

    code = "contest_invalid"
    title = "The event contradicts itself or names something unknown"


class EvidenceRefused(InvalidRequest):
    """Another kind of file, or a larger one."""

    code = "evidence_refused"
    title = "Evidence is a picture of at most 10 MB"
