"""Is a server that moves locks recognised, however its address is written?"""

import pytest

from edge_agent.policy.home_servers import marks_of, server_mark

PLAIN = "http://homeassistant.local:8123"


@pytest.mark.parametrize(
    "said",
    [
        "http://homeassistant.local:8123/",
        " HTTP://HomeAssistant.local:8123/lovelace ",
        "homeassistant.local:8123",
        "http://homeassistant.local.:8123",
        "https://homeassistant.local:8123",
    ],
)
def test_one_address_has_one_mark(said: str) -> None:
    assert server_mark(said) == server_mark(PLAIN)


@pytest.mark.parametrize(
    "other", ["http://homeassistant.local", "http://homeassistant:8123", "http://10.0.0.5:8123"]
)
def test_another_address_has_another(other: str) -> None:
    assert server_mark(other) != server_mark(PLAIN)


def test_the_usual_ports_may_be_left_out() -> None:
    assert server_mark("https://home.example") == server_mark("https://home.example:443/")
    assert server_mark("http://home.example") == server_mark("http://home.example:80")


def test_keys_that_point_nowhere_have_no_mark() -> None:
    keys = ["", "not json", "[]", "{}", '{"url": 7}', f'{{"url": "{PLAIN}", "token": "t"}}']
    assert marks_of([*keys, *keys]) == (server_mark(PLAIN),)
