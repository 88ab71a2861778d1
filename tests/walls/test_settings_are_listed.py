"""`.env.example` lists every setting there is, and none that is not."""

from pathlib import Path

import pytest

from cloud_api.settings import CloudSettings
from edge_agent.settings import AgentSettings, LockdSettings

EXAMPLE = Path(__file__).parent.parent.parent / ".env.example"


def test_the_example_lists_exactly_the_settings() -> None:
    listed = {
        line.split("=")[0]
        for line in EXAMPLE.read_text().splitlines()
        if line and not line.startswith("#")
    }
    known = {
        f"{settings.model_config['env_prefix']}{name}".upper()
        for settings in (CloudSettings, LockdSettings, AgentSettings)
        for name in settings.model_fields
    }
    assert listed == known


def test_the_example_can_be_used_as_it_is_but_for_what_has_no_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for line in EXAMPLE.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            monkeypatch.setenv(name, value.strip('"'))
    monkeypatch.setenv("PORTERO_SECRET_KEY", "x" * 32)
    assert CloudSettings().metrics_port is None
    assert AgentSettings().mqtt_key is None
    assert LockdSettings().agent_uids == frozenset()
