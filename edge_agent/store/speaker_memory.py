"""How do the speakers' kept volumes outlive the agent?"""

from pathlib import Path

from pydantic import ValidationError

from edge_agent.actions.hand_back import KeptVolumes
from edge_agent.errors import StopGranting, TryLater
from edge_agent.store.private_file import read_private, write_private


class SpeakerMemoryFile:
    """One small JSON file, replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> KeptVolumes:
        """What was saved last; empty when there is nothing readable: only volumes are lost."""
        try:
            return KeptVolumes.from_bytes(read_private(self._path))
        except (StopGranting, ValidationError):
            return KeptVolumes()

    def save(self, kept: KeptVolumes) -> None:
        """Durable when it returns. TryLater when the disk refuses."""
        try:
            write_private(self._path, kept.to_bytes(), replace=True)
        except OSError as error:
            raise TryLater("speaker_memory_unwritable", str(error.strerror)) from error
