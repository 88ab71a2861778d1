"""Does chrony itself accept its file? It is asked to read it, not to run."""

import shutil
import subprocess
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "chrony" / "chrony.conf"


def test_it_accepts_the_file_as_it_stands() -> None:
    done = _read(GOLDEN)
    assert done.returncode == 0, done.stderr
    written = [line for line in GOLDEN.read_text().splitlines() if line and line[0] != "#"]
    assert done.stdout.split("\n")[: len(written)] == written


def test_it_would_say_no(tmp_path: Path) -> None:
    odd = tmp_path / "chrony.conf"
    odd.write_text(GOLDEN.read_text() + "makestepp 1.0 3\n")
    assert _read(odd).returncode != 0


def _read(file: Path) -> "subprocess.CompletedProcess[str]":
    chronyd = shutil.which("chronyd", path="/usr/sbin:/usr/bin") or "chronyd"
    return subprocess.run(  # noqa: S603 - chrony, printing what it read
        [chronyd, "-p", "-f", str(file)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
