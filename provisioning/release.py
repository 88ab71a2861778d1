"""How does the folder come to be that is pushed to a house's Pi?

It holds what a house runs and nothing else: no cloud, no simulator, no tests. Written beside its
place and put there whole.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from provisioning.errors import UnreadableError, WouldOverwriteError

PACKAGES: Final = (
    "protocol",
    "edge_agent",
    "guest_ui",
    "firmware_config",
    "provisioning",
    "portero",
)
_LEFT_OUT = ("__pycache__", "simulator", "demo", "local")
_BESIDE: Final = ("Dockerfile", "balena.yml")


def assemble(source: Path, out: Path, written: Mapping[str, str]) -> None:
    """Make the release at `out` from a checkout at `source` and the files written for the house.

    WouldOverwriteError when `out` is there; UnreadableError when `source` is no checkout of ours.
    """
    if out.exists():
        raise WouldOverwriteError(f"{out} is there already")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".release-", dir=out.parent) as made:
        folder = Path(made) / "release"
        try:
            _fill(source, folder)
        except FileNotFoundError as error:
            raise UnreadableError(f"{error.filename} is missing: is this a checkout?") from None
        write(folder, written)
        folder.rename(out)


def write(folder: Path, written: Mapping[str, str]) -> None:
    """Put these texts into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def _fill(source: Path, folder: Path) -> None:
    for package in PACKAGES:
        leave = shutil.ignore_patterns(*_LEFT_OUT)
        shutil.copytree(source / package, folder / "app" / package, ignore=leave)
    for name in _BESIDE:
        shutil.copy2(source / "deploy" / "balena" / name, folder / name)
    (folder / "requirements").mkdir()
    shutil.copy2(source / "requirements" / "edge.txt", folder / "requirements" / "edge.txt")
    shutil.copy2(source / "LICENSE", folder / "LICENSE")
