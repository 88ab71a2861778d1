"""How does it outlive the agent which stays the house's automations were told of?"""

from pathlib import Path

from pydantic import ValidationError

from edge_agent.actions.told_stays import ToldStays
from edge_agent.errors import StopGranting, TryLater
from edge_agent.store.private_file import read_private, write_private


class ToldStaysFile:
    """One small JSON file, replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> ToldStays:
        """What was saved last; empty when there is nothing readable: then a stay is told again."""
        try:
            return ToldStays.model_validate_json(read_private(self._path))
        except (StopGranting, ValidationError):
            return ToldStays()

    def save(self, told: ToldStays) -> None:
        """Durable when it returns. TryLater when the disk refuses."""
        try:
            write_private(self._path, told.model_dump_json().encode(), replace=True)
        except OSError as error:
            raise TryLater("told_stays_unwritable", str(error.strerror)) from error
