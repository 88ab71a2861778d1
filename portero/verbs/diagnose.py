"""What may somebody who helps from afar see of a house? Everything but its secrets and its people.

What goes in is named here, word by word; what is not named stays in the house.
"""

import asyncio
import json
import platform
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.metadata import distributions
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from edge_agent.clock import SystemClock
from edge_agent.settings import AgentSettings, LockdSettings
from edge_agent.store import audit
from portero.verbs import health, read

_FACTS = 300
_SAFE_IN_A_FACT = frozenset({
    "kind", "name", "detail", "outcome", "refusal", "reason", "state", "allowed", "approved",
    "via", "clock", "epoch", "version", "what", "ours", "number", "battery_percent", "software",
    "boot", "lock", "player", "role", "verb",
})  # fmt: skip
_SECRET_WORDS = ("password", "token", "secret", "key", "certificate", "authority", "username")
_OUR_PARTS = ("portero", "aiohttp", "aiomqtt", "paho-mqtt", "pydantic", "cryptography", "bleak")
_PARTS = (*_OUR_PARTS, "ttlock-ble", "music-assistant-client", "sqlite-utils", "zeroconf")

type Told = Mapping[str, object]


def diagnose(out: Path) -> str:
    """Write the bundle; one line about it."""
    lockd, agent = read.settings(LockdSettings), read.settings(AgentSettings)
    state = asyncio.run(health.lockd_state(lockd))
    parts: dict[str, object] = {
        "versions": _versions(),
        "settings": {"lockd": _settings(lockd), "agent": _settings(agent)},
        "lockd": None if state is None else state.model_dump(mode="json", exclude={"rules"}),
        "agent": health.agent_report(agent),
        "clock": _clock(),
        "disk": {"lockd": _disk(lockd.data), "agent": _disk(agent.data)},
        "facts": list(_facts(lockd.data / audit.FILE)),
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, part in parts.items():
            bundle.writestr(f"{name}.json", json.dumps(part, indent=1, default=str))
    return f"wrote {out} ({out.stat().st_size} bytes): {', '.join(parts)}"


def _versions() -> Told:
    found = {each.name: each.version for each in distributions() if each.name in _PARTS}
    system = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return {**system, "system": platform.platform(), "machine": platform.machine(), **found}


def _settings(settings: BaseSettings) -> Told:
    """Values of settings whose names promise nothing private; of others, whether they are set."""
    return {name: _shown(name, getattr(settings, name)) for name in type(settings).model_fields}


def _shown(name: str, value: object) -> object:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    if any(word in name for word in _SECRET_WORDS):
        return "set" if value else "not set"
    if name == "music_url":  # may carry a password
        return "set" if value else "not set"
    return sorted(value) if isinstance(value, frozenset) else value


def _clock() -> Told:
    clock = SystemClock()
    return {"wall": clock.wall(), "boot_seconds": clock.boot_seconds(), "boot": clock.boot_id()}


def _disk(folder: Path) -> Told:
    if not folder.is_dir():
        return {"folder": "is not there, or not ours to see"}
    usage = shutil.disk_usage(folder)
    files = {each.name: each.stat().st_size for each in folder.iterdir() if each.is_file()}
    return {"total": usage.total, "free": usage.free, "files": files}


def _facts(file: Path) -> Iterator[Told]:
    """The newest, without what they say of people."""
    if not file.exists():
        return
    newest = "SELECT sequence, at, exact FROM fact ORDER BY sequence DESC LIMIT ?"
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2.0)) as db:
            rows = db.execute(newest, (_FACTS,)).fetchall()
    except sqlite3.Error as error:
        yield {"unreadable": str(error)}
        return
    for sequence, at, exact in rows:
        yield {"sequence": sequence, "at": at, **_safe_body(exact)}


def _safe_body(exact: str) -> Told:
    try:
        body = json.loads(exact)["body"]
        return {name: value for name, value in body.items() if name in _SAFE_IN_A_FACT}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {"garbled": True}
