"""Walls that wildcard contracts cannot express, read from the import graph itself."""

import ast
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = (
    "protocol",
    "edge_agent",
    "cloud_api",
    "provisioning",
    "firmware_config",
    "guest_ui",
    "portero",
)
OPEN_TO_OTHER_ROOMS = {"service", "schemas", "types", "errors"}
# kit is furniture's timber, settings are the front doors', migrations import every room's tables.
NOT_ROOMS = {"kit", "settings", "migrations", "app", "worker", "courier", "api", "web"}


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def room_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] != "cloud_api" or len(parts) < 2 or parts[1] in NOT_ROOMS:
        return None
    return parts[1]


def cross_room_imports() -> list[tuple[str, str]]:
    found = []
    for module in graph().modules:
        mine = room_of(module)
        for imported in graph().find_modules_directly_imported_by(module) if mine else ():
            theirs = room_of(imported)
            if theirs is not None and theirs != mine:
                found.append((module, imported))
    return sorted(found)


def test_a_room_imports_only_the_open_furniture_of_another() -> None:
    sly = [
        f"{module} -> {imported}"
        for module, imported in cross_room_imports()
        if imported.split(".")[-1] not in OPEN_TO_OTHER_ROOMS
    ]
    assert not sly


def test_there_are_imports_between_rooms_at_all() -> None:
    """Guards the test above: with nothing to look at it would pass for ever."""
    assert cross_room_imports()


@pytest.mark.parametrize("sdk", ["aiomqtt", "bleak", "ttlock_ble", "music_assistant_client"])
def test_a_vendors_library_is_imported_by_its_adapter_alone(sdk: str) -> None:
    homes = {
        "aiomqtt": ("edge_agent.link", "cloud_api.courier", "cloud_api.fleet"),
        "bleak": ("edge_agent.drivers.ttlock_ble", "edge_agent.simulator"),
        "ttlock_ble": ("edge_agent.drivers.ttlock_ble",),
        "music_assistant_client": ("edge_agent.drivers.music_assistant",),
    }[sdk]
    importers = {
        module_name(path)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if sdk in top_level_imports(path)
    }
    assert {name for name in importers if not name.startswith(homes)} == set()


def top_level_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_every_module_opens_with_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "versions" not in path.parts and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
