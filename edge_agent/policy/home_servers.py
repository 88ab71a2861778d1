"""Is this server one through which the house's locks are moved?

A token of Home Assistant opens every lock it knows, so the agent gets none from such a server.
lockd tells the agent marks instead of addresses.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def server_mark(url: str) -> str:
    """SHA-256 over host and port: the same for every spelling of one address, never the address.

    Another name of the same server has another mark: names are not resolved here.
    """
    parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
    host = (parts.hostname or "").rstrip(".")
    return sha256(f"{host}:{parts.port or _PORTS.get(parts.scheme, 0)}".encode()).hexdigest()


def marks_of(keys: Iterable[str]) -> tuple[str, ...]:
    """The servers these key records of locks point to."""
    return tuple(sorted({server_mark(url) for url in map(_url, keys) if url}))


def _url(key: str) -> str | None:
    try:
        record = json.loads(key)
    except ValueError:
        return None
    url = record.get("url") if isinstance(record, dict) else None
    return url if isinstance(url, str) else None
