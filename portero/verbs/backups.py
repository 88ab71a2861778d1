"""How is the cloud backed up, brought back, and any backup tried, from the command line?"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from cloud_api.access.guests.service import end_every_session as end_guest_sessions
from cloud_api.accounts.service import end_every_session as end_staff_sessions
from cloud_api.fleet import service as fleet
from cloud_api.fleet.errors import KeysNotInstalledError
from cloud_api.fleet.standing.types import Resumed
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from portero.backups import archive, cloud, house
from portero.backups.archive import AboutCloud, Manifest
from portero.backups.errors import BackupError
from portero.backups.findings import Finding
from portero.local.postgres import LocalPostgres
from portero.verbs import read
from portero.verbs.house_backups import told_plainly

_SIGNS = {True: "ok     ", False: "WRONG  ", None: "unseen "}


class _SecretIfSet(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PORTERO_", env_ignore_empty=True, extra="ignore")

    secret_key: SecretStr | None = None


def back_up_cloud(out: Path, recipients: list[str]) -> str:
    """The cloud's database into one file. SystemExit with what is wrong."""
    settings = read.settings(CloudSettings)
    with told_plainly():
        about = cloud.take(
            _owner_dsn(settings),
            secret_key=settings.secret_key.get_secret_value(),
            recipients=recipients,
            out=out,
            now=SystemClock().utc_now(),
            software=version("portero"),
        )
    rows = sum(about.rows.values())
    return (
        f"{out}: {rows} rows of {len(about.rows)} tables, {len(about.houses)} houses\n"
        "not inside, keep them apart: PORTERO_SECRET_KEY and the signing keys"
    )


async def restore_cloud(file: Path, key: Path) -> str:
    """Into an empty database; nothing is published until `go_on`. SystemExit with what is wrong."""
    settings = read.settings(CloudSettings)
    dsn = _owner_dsn(settings)
    with told_plainly():
        manifest = cloud.load(dsn, file, key)
    database = Database(dsn, name="portero-restore")
    try:
        async with database.transaction() as session:
            waiting = await fleet.freeze_restored(session)
            await end_staff_sessions(session)
            await end_guest_sessions(session)
    finally:
        await database.close()
    told = _AFTER_RESTORE.format(made_at=manifest.made_at.isoformat(), houses=waiting)
    mark = cloud.secret_mark(settings.secret_key.get_secret_value())
    fits = isinstance(manifest.about, AboutCloud) and manifest.about.secret_mark == mark
    return told if fits else f"{_ANOTHER_KEY}\n{told}"


async def go_on() -> str:
    """Begin the next epoch of the frozen houses that may; what the others wait for."""
    settings = read.settings(CloudSettings)
    database = Database(settings.database_dsn.get_secret_value(), name="portero-restore")
    try:
        async with database.transaction() as session:
            houses = await fleet.go_on(session)
    except KeysNotInstalledError:
        raise SystemExit("no courier has put the key document in force yet") from None
    finally:
        await database.close()
    return "\n".join(_resumed(houses)) or "no house is frozen"


def verify(file: Path, key: Path, scratch_dsn: str | None) -> str:
    """Bring a backup back where it harms nobody, and look. SystemExit when anything is wrong."""
    with told_plainly(), _scratch(scratch_dsn, file) as dsn:
        manifest, findings = _verified(file, key, dsn)
    told = "\n".join([f"backup of {manifest.made_at.isoformat()}", *_lines(findings)])
    if any(each.fits is False for each in findings):
        raise SystemExit(f"{told}\nthis backup does not come back as it should")
    return f"{told}\nthis backup comes back"


_ANOTHER_KEY = (
    "ATTENTION: PORTERO_SECRET_KEY is not the one this backup was made with; what rests in the"
    " vault (PINs, links) will not open"
)
_AFTER_RESTORE = """\
the database is back as of {made_at}; everybody is logged out
{houses} houses are frozen: nothing is published to them until they were heard
next: start the cloud; have the root list the next epoch (`portero keys sign --epoch ...`), restart
the couriers, then run `portero restore go-on` until no house waits
API keys revoked since that time work again: look through them"""


def _verified(file: Path, key: Path, dsn: str) -> tuple[Manifest, list[Finding]]:
    with archive.unpacked(file, key) as (_, manifest):
        kind = manifest.about.kind
    if kind == "house":
        return house.verify(file, key)
    secret = _SecretIfSet().secret_key
    given = None if secret is None else secret.get_secret_value()
    return cloud.verify(dsn, file, key, secret_key=given)


@contextmanager
def _scratch(given: str | None, file: Path) -> Iterator[str]:
    """An empty database of nobody's, gone when left, where none was given."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="portero-verify-") as folder:
        if not file.exists():
            raise BackupError(f"{file} is not there")
        server = LocalPostgres(Path(folder))
        try:
            yield server.dsn()
        finally:
            server.close()


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for each in findings:
        yield f"{_SIGNS[each.fits]}{each.what}: {each.detail}"


def _resumed(houses: Iterable[Resumed]) -> Iterator[str]:
    for each in houses:
        if not each.is_heard:
            yield f"{each.house_id} waits: it has not been heard since"
        elif not each.is_listed:
            yield f"{each.house_id} waits: the root has not listed epoch {each.epoch}"
        else:
            yield f"{each.house_id} goes on in epoch {each.epoch}"


def _owner_dsn(settings: CloudSettings) -> str:
    if settings.database_owner_dsn is None:
        raise SystemExit("set PORTERO_DATABASE_OWNER_DSN: a backup is made as the owner")
    return settings.database_owner_dsn.get_secret_value()
