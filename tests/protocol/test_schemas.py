"""The wire cannot change by accident."""

from pathlib import Path

import pytest

from protocol import schemas
from protocol.envelope import Kind
from protocol.topics import Down, Up

FOLDER = Path(schemas.__file__).parent


@pytest.mark.parametrize("name", sorted(schemas.documents()))
def test_the_committed_file_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text() == schemas.documents()[name], "run `make schemas`"


def test_no_schema_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(schemas.documents())


def test_every_kind_has_a_body_and_every_channel_a_kind() -> None:
    assert set(schemas.MESSAGES) == set(Kind)
    assert set(schemas.CHANNELS) == {*Down, *Up}
