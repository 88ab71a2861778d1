"""Does the command say what is missing or wrong in words, without a traceback and without secrets?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

OUT_OF_REACH = {
    "PORTERO_DATABASE_DSN": "postgresql://nobody@127.0.0.1:1/nothing",
    "PORTERO_DATABASE_OWNER_DSN": "postgresql://nobody@127.0.0.1:1/nothing",
    "PORTERO_SECRET_KEY": "k" * 32,
}
FOUNDER = ("--email", "host@demo.example", "--organisation", "Houses", "--password", "long enough")


@pytest.mark.parametrize(
    "words",
    [
        ("cloud",),
        ("worker",),
        ("courier",),
        ("migrate",),
        ("jobs", "run", "jobs.forget"),
        ("dead-letters", "list"),
        ("owner", "create", *FOUNDER),
    ],
    ids=" ".join,
)
def test_missing_settings_are_named(words: tuple[str, ...]) -> None:
    ended = _portero(*words)
    assert ended.returncode == 1
    assert "PORTERO_DATABASE_DSN: not set" in ended.stderr
    assert "PORTERO_SECRET_KEY: not set" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_setting_is_named_and_not_shown() -> None:
    ended = _portero("cloud", settings={**OUT_OF_REACH, "PORTERO_SECRET_KEY": "too-short-to-use"})
    assert ended.returncode == 1
    assert "PORTERO_SECRET_KEY: " in ended.stderr
    assert "too-short-to-use" not in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("migrate",),
        ("jobs", "run", "jobs.forget"),
        ("dead-letters", "list"),
        ("dead-letters", "replay"),
        ("dead-letters", "discard", "1"),
        ("owner", "create", *FOUNDER),
    ],
    ids=" ".join,
)
def test_a_database_out_of_reach_is_said(words: tuple[str, ...]) -> None:
    ended = _portero(*words, settings=OUT_OF_REACH)
    assert ended.returncode == 1
    assert "cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_owner_is_checked_as_the_api_checks_staff() -> None:
    typed = ("--email", "nope", "--organisation", "Houses", "--password", "pa55")
    ended = _portero("owner", "create", *typed, settings=OUT_OF_REACH)
    assert ended.returncode == 1
    assert "email: " in ended.stderr
    assert "password: " in ended.stderr
    assert "pa55" not in ended.stderr


def test_lockd_without_its_folder_says_what_comes_first(tmp_path: Path) -> None:
    ended = _portero("lockd", settings={"PORTERO_LOCKD_DATA": str(tmp_path / "nowhere")})
    assert ended.returncode == 1
    assert "portero claim" in ended.stderr
    assert "Traceback" not in ended.stderr


def _portero(
    *words: str, settings: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    plain = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - a child needs PATH and HOME
        if not name.startswith("PORTERO_")
    }
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "portero", *words],
        env={**plain, **(settings or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
