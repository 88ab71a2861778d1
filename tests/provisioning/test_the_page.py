"""docs/provisioning.md does what it says: its own commands, in order, on real processes.

Courier and agent speak through a real Mosquitto with certificates, and the house signs for its
snapshot, before and after its Pi was replaced.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from portero.local.ports import any_free
from provisioning import line
from tests.journeys.stage import until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

PAGE = Path(__file__).parent.parent.parent / "docs" / "provisioning.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
PORTS = ("8000", "8883", "8480", "8095")
SECONDS = 200
# The last block ends everything; before it the test looks around.
LOOK = 'touch "$OLDPWD/ready"; until [ -f "$OLDPWD/seen" ]; do sleep 0.1; done\n'
END = "trap 'kill $(jobs -p) 2>/dev/null || true; wait || true' EXIT\n"


@dataclass(frozen=True)
class Told:
    """What the page's reader has on the screen and on the disk."""

    folder: Path
    ports: dict[str, int]
    process: "subprocess.Popen[bytes]"

    @property
    def place(self) -> Path:
        return self.folder / "try-portero"

    def screen(self) -> str:
        return (self.folder / "screen").read_text()

    def ends_of_logs(self) -> str:
        logs = sorted((self.place / "logs").glob("*.log"))
        tails = ((each.name, each.read_text(errors="replace").splitlines()[-6:]) for each in logs)
        return "\n".join([self.screen(), *(f"-- {name}: {tail}" for name, tail in tails)])

    def everything_shown(self) -> str:
        logs = [each.read_text(errors="replace") for each in (self.place / "logs").iterdir()]
        return "\n".join([self.screen(), *logs])

    async def has_come_to(self, name: str) -> None:
        async def there_or_ended() -> bool:
            return (self.folder / name).exists() or self.process.poll() is not None

        try:
            await until(there_or_ended, name, seconds=SECONDS)
        except AssertionError:
            raise AssertionError(f"no {name}:\n{self.ends_of_logs()}") from None
        assert (self.folder / name).exists(), self.ends_of_logs()


def script(ports: dict[str, int]) -> str:
    blocks: list[str] = BLOCK.findall(PAGE.read_text())
    whole = "set -eu\n" + END + "".join(blocks[:-1]) + LOOK + blocks[-1] + "touch ../ended\n"
    for written, ours in ports.items():
        whole = re.sub(rf"\b{written}\b", str(ours), whole)
    return whole


@pytest.fixture
def told() -> Iterator[Told]:
    folder = Path(tempfile.mkdtemp(prefix="pp-"))  # a unix socket's path must be short
    folder.chmod(0o755)
    ports = {written: any_free() for written in PORTS}
    environment = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - a shell needs PATH and HOME
        if not name.startswith("PORTERO_")
    }
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    with (folder / "screen").open("wb") as screen:
        process = subprocess.Popen(  # noqa: S603 - the page's own words
            ["/bin/bash", "-c", script(ports)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=screen,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield Told(folder, ports, process)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


async def test_the_page_leads_a_new_user_to_a_house_that_works(told: Told) -> None:
    await told.has_come_to("ready")
    assert told.screen().count("Beach house: delivered") == 2
    assert "1 refused" in told.screen()
    _old_pi_is_out(told)
    _keys_are_private(told.place)
    _nothing_secret_was_shown(told)
    (told.folder / "seen").touch()
    await told.has_come_to("ended")
    assert told.process.wait(30) == 0


def _old_pi_is_out(told: Told) -> None:
    broker = f"mqtts://127.0.0.1:{told.ports['8883']}"
    assert line.knock(broker, told.place / "new-pi/agent/line") is None
    why = line.knock(broker, told.place / "pi/agent/line")
    assert why is not None
    assert "revoked" in why


def _keys_are_private(place: Path) -> None:
    keys = [*place.glob("**/*.key"), *place.glob("**/house.json"), *place.glob("**/agent.env")]
    assert len(keys) > 10
    assert {oct(each.stat().st_mode & 0o077) for each in keys} == {"0o0"}


def _nothing_secret_was_shown(told: Told) -> None:
    shown = told.everything_shown()
    record = (told.place / "devices/lock-1.key.json").read_text()
    found = re.search(r'"aesKeyStr": ?"(\w+)"', record)
    assert found is not None
    token = (told.place / "devices/music.token").read_text().strip()
    for secret in ("a-long-walk-to-the-sea", found[1], token, "claim.", "PRIVATE KEY"):
        assert secret not in shown, secret[:3]
    for locks in told.place.glob("*pi/lockd/locks.json"):
        assert found[1] not in locks.read_text()


def test_the_page_has_what_is_run() -> None:
    """Guards the test above: with no blocks it would say nothing."""
    assert len(BLOCK.findall(PAGE.read_text())) > 10
