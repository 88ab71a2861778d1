"""Which signed configuration was taken last, what became of it, and which one worked before?

The exact signed bytes, verified again at each start; one file, replaced whole.
"""

from pathlib import Path

from pydantic import ConfigDict, ValidationError

from edge_agent.actions.keeping import KeptConfiguration
from edge_agent.errors import StopGranting
from edge_agent.store.private_file import read_private, write_private
from protocol.base import Wire
from protocol.configuration import ConfigurationFate

FILE = "configuration.json"


class _Stored(Wire):
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )

    taken: bytes
    fate: ConfigurationFate
    good: bytes | None = None


class ConfigurationFile:
    """The ConfigurationShelf of `edge_agent.actions.keeping`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def load(self) -> KeptConfiguration | None:
        """See ConfigurationShelf."""
        try:
            stored = _Stored.from_bytes(read_private(self._path))
        except (StopGranting, ValidationError):
            return None
        return KeptConfiguration(stored.taken, stored.fate, stored.good)

    def save(self, kept: KeptConfiguration) -> None:
        """See ConfigurationShelf."""
        stored = _Stored(taken=kept.taken, fate=kept.fate, good=kept.good)
        try:
            write_private(self._path, stored.to_bytes(), replace=True)
        except OSError as error:
            raise StopGranting("data_unwritable", str(error.strerror)) from None
