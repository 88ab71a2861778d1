"""Is this file a lock's key as the vendor's cloud hands it out, and of which lock?"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from provisioning.errors import UnreadableError
from provisioning.files import read

MAX_BYTES = 20_000


class _Record(BaseModel):
    """What the driver cannot do without; the rest of the record is kept as it is."""

    model_config = ConfigDict(extra="ignore")

    lockMac: Annotated[str, Field(pattern=r"^(?i:[0-9a-f]{2}(:[0-9a-f]{2}){5})$")]  # noqa: N815 - the vendor's word
    aesKeyStr: Annotated[SecretStr, Field(min_length=32, max_length=47)]  # noqa: N815 - the vendor's word
    unlockKey: SecretStr  # noqa: N815 - the vendor's word
    lockVersion: dict[str, int]  # noqa: N815 - the vendor's word


@dataclass(frozen=True, slots=True)
class EKey:
    """A lock's address and its key record, a house master secret."""

    address: str
    record: SecretStr


def read_ekey(path: Path) -> EKey:
    """Raises UnreadableError, which shows nothing of the file."""
    content = read(path)
    if len(content) > MAX_BYTES:
        raise UnreadableError(f"{path} is too large for a lock's key record")
    try:
        record = _Record.model_validate_json(content)
        bytes.fromhex(record.aesKeyStr.get_secret_value().replace(",", ""))
        int(record.unlockKey.get_secret_value())
        kept = json.dumps(json.loads(content), separators=(",", ":"))
    except (ValidationError, ValueError, RecursionError):
        raise UnreadableError(f"{path} is not a lock's key record") from None
    return EKey(record.lockMac.upper(), SecretStr(kept))
