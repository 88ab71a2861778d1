"""The broker's files are exactly these, and no input can smuggle a line into them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from firmware_config.mosquitto import ACCESS, CONF, Broker, files

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", [CONF, ACCESS])
def test_the_files_are_these(name: str) -> None:
    made = files(Broker(couriers=("courier-1", "courier-2")))[name]
    assert made == (GOLDEN / name).read_text()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("couriers", ()),
        ("couriers", ("courier-1", "courier-1")),
        ("couriers", ("courier-1\ntopic readwrite #",)),
        ("couriers", ("+",)),
        ("couriers", ("0d9f2f5e-6c3a-4c57-8d1e-6d7f1c7a3b11",)),
        ("key", "/etc/key\nallow_anonymous true"),
        ("address", "0.0.0.0\nlistener 1883"),
        ("limits", {"packet_bytes": 10}),
        ("allow_anonymous", True),
    ],
)
def test_what_is_no_broker_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Broker.model_validate({"couriers": ("courier-1",), field: value})
