"""Does ESPHome itself accept what we write for its chips?"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware_config.devices.conftest import ESPHOME

GOLDEN = Path(__file__).parent / "golden" / "esphome"
KEY = "jKO3Yc2oX5d5k8oG6Zt0m7h1sV4n2qWb9rTfLxEuPzA="


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files with the secrets filled in, as somebody would before flashing."""
    for file in GOLDEN.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    wanted = (tmp_path / "secrets.example.yaml").read_text()
    filled = wanted.replace('_key: ""', f'_key: "{KEY}"').replace(': ""', ': "a word of this test"')
    (tmp_path / "secrets.yaml").write_text(filled)
    return tmp_path


@pytest.mark.parametrize("name", sorted(each.name for each in GOLDEN.glob("proxy-*.yaml")))
def test_it_accepts_each_proxy(folder: Path, name: str) -> None:
    done = _validated(folder / name)
    assert done.returncode == 0, done.stdout
    assert "deprecated" not in done.stderr + done.stdout
    assert "bluetooth_proxy:" in done.stdout


def test_it_would_say_no(folder: Path) -> None:
    """Otherwise its yes means nothing."""
    file = folder / "proxy-hall.yaml"
    file.write_text(file.read_text().replace("GPIO13", "GPIO77"))
    assert _validated(file).returncode != 0


def _validated(file: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - the validator, on files of ours
        [str(ESPHOME.resolve()), "config", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
