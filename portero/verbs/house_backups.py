"""How is a house backed up and brought back from the command line, on its own Pi?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.settings import LockdSettings
from portero.backups import archive, house
from portero.backups.errors import BackupError
from portero.verbs import read


def make_key(path: Path) -> str:
    """A key pair for backups. SystemExit when the file is there already."""
    with told_plainly():
        recipient = archive.new_key(path)
    return f"the key is in {path}: keep it away from the machines it protects\n{recipient}"


def back_up_house(out: Path, recipients: list[str]) -> str:
    """The folder of lockd into one file. SystemExit with what is wrong."""
    settings = read.settings(LockdSettings)
    with told_plainly():
        about = house.take(
            settings.data,
            recipients=recipients,
            out=out,
            now=SystemClock().wall(),
            software=settings.software,
        )
    return f"{out}: house {about.house}, {about.locks} locks, {about.facts_through} facts"


def restore_house(file: Path, key: Path) -> str:
    """The keys of the locks into lockd's folder. SystemExit with what is wrong."""
    settings = read.settings(LockdSettings)
    with told_plainly():
        manifest = house.load(settings.data, file, key)
    return (
        f"the keys of the locks are in {settings.data}, as of {manifest.made_at.isoformat()}\n"
        "now make a claim token for the house in the cloud and run `portero claim`"
    )


@contextmanager
def told_plainly() -> Iterator[None]:
    """SystemExit in the operator's words."""
    try:
        yield
    except BackupError as error:
        raise SystemExit(str(error)) from None
