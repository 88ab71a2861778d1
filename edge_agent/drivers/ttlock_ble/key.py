"""How is the owner's key to one lock kept and read, so that it never shows anywhere?"""

import json
import logging
from collections.abc import Mapping
from typing import override

from pydantic import SecretStr
from ttlock_ble import VirtualKey

from edge_agent.errors import NotPermitted


class HouseKey(VirtualKey):
    """ttlock-ble's key record, silent about itself."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return "HouseKey(****)"


def read_key(material: SecretStr) -> HouseKey:
    """The key from its stored JSON (the vendor's key record); NotPermitted if unreadable."""
    try:
        record = json.loads(material.get_secret_value())
        if isinstance(record, Mapping):
            key = HouseKey.from_dict(record)
            int(key.unlockKey), int(key.adminPs or 0), bytes.fromhex(key.aesKeyStr)
            if isinstance(key, HouseKey):
                return key
    except (ValueError, TypeError, KeyError):
        pass  # what was wrong with it would show the key
    raise NotPermitted("key_unreadable")


def read_firmware(material: SecretStr) -> str | None:
    """The lock's firmware version, where the vendor's record tells it; as `6.5.07`."""
    try:
        record = json.loads(material.get_secret_value())
        version = record.get("firmwareRevision") if isinstance(record, Mapping) else None
    except ValueError:
        return None
    return version[:20] if isinstance(version, str) and version.isprintable() else None


class _OnlyWarnings(logging.Filter):
    """ttlock-ble writes frames, tokens and plain answers (with PINs) below WARNING."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


_ONLY_WARNINGS = _OnlyWarnings()


def silence_library() -> None:
    """Drop the library's talk whatever log level is set; safe to call again."""
    logging.getLogger("ttlock_ble.client").addFilter(_ONLY_WARNINGS)
