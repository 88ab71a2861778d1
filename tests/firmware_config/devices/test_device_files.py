"""From one description of a house come exactly these files, and nothing odd gets into them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from firmware_config.house import House
from tests.builders import JsonDict

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"


def test_the_command_writes_exactly_these_files(tmp_path: Path) -> None:
    out = tmp_path / "written"
    done = _portero("firmware", "write", str(HERE / "house.json"), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert _tree(out) == _tree(GOLDEN)
    again = _portero("firmware", "write", str(HERE / "house.json"), "--out", str(out))
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_no_file_holds_a_secret_or_a_place_for_one_beside_the_list() -> None:
    for name, text in _tree(GOLDEN).items():
        if name.startswith("esphome/proxy"):
            words = [line.split(":", 1)[1].strip() for line in text.splitlines() if "key:" in line]
            assert words, name
            assert all(word.startswith("!secret ") for word in words)
            wanted = {word.split()[1] for word in words}
            assert all(
                f"{each}: " in _tree(GOLDEN)["esphome/secrets.example.yaml"] for each in wanted
            )


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    given = _given() | {"zone": "America/Nowhere", "country": "Peru"}
    (tmp_path / "house.json").write_text(json.dumps(given))
    done = _portero("firmware", "write", str(tmp_path / "house.json"), "--out", str(tmp_path / "o"))
    assert done.returncode == 1
    assert "zone: " in done.stderr
    assert "country: " in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "Casa"},
        {"name": "casa\nhostname: other"},
        {"name": "proxy-hall"},
        {"broker": {"host": "a b"}},
        {"broker": {"host": "x\nport 1"}},
        {"clock": {"servers": []}},
        {"clock": {"servers": [{"host": "x iburst\nallow all"}]}},
        {"proxies": [{"name": "p", "room": 'Hall"\n- x'}]},
        {"proxies": [{"name": "p", "room": "Hall", "slots": 9}]},
        {"proxies": [{"name": "p", "room": "Hall", "contacts": [{"name": "Door", "pin": 0}]}]},
        {"proxies": [{"name": "p", "room": "Hall", "contacts": [{"name": "Door", "pin": 34}]}]},
        {
            "proxies": [
                {
                    "name": "p",
                    "room": "Hall",
                    "board": "esp32-poe",
                    "contacts": [{"name": "Door", "pin": 23}],
                }
            ]
        },
        {"proxies": [{"name": "p", "room": "Hall"}, {"name": "p", "room": "Bath"}]},
        {"services": ["music_assistant"], "images": {}},
        {"services": ["broker"], "images": {"broker": "eclipse-mosquitto"}},
        {"lan_port": 0},
        {"wifi_password": "not here"},
    ],
    ids=json.dumps,
)
def test_an_odd_house_is_refused(odd: JsonDict) -> None:
    with pytest.raises(ValidationError):
        House.model_validate(_given() | odd)


def _given() -> JsonDict:
    given: JsonDict = json.loads((HERE / "house.json").read_text())
    return given


def _tree(folder: Path) -> dict[str, str]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_text() for each in files}


def _portero(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "portero", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
