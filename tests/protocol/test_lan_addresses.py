"""Is a house's address in its own network one a phone can open, and one that stays at home?"""

import pytest

from protocol.lan import lan_address, lan_link


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("casa-del-mar.local", "http://casa-del-mar.local"),
        ("HTTP://Casa.Local:80/", "http://casa.local"),
        ("http://casa.local:8480", "http://casa.local:8480"),
        ("192.168.1.20:8480", "http://192.168.1.20:8480"),
        ("http://[fd00::20]:8480", "http://[fd00::20]:8480"),
        ("http://[fd00::20]", "http://[fd00::20]"),
        ("https://casa.example.org:443", "https://casa.example.org"),
        ("https://casa.example.org:8443", "https://casa.example.org:8443"),
        ("portero", "http://portero"),
    ],
)
def test_an_address_is_written_in_one_way(said: str, meant: str) -> None:
    assert lan_address(said) == meant
    assert lan_address(meant) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "http://",
        "ftp://casa.local",
        "javascript://casa.local",
        "http://casa.local/stay",
        "http://casa.local?x=1",
        "http://casa.local/#secret",
        "http://ana@casa.local",
        "http://casa.example.org",  # plain HTTP that would leave the house
        "http://8.8.8.8",
        "http://[2001:4860:4860::8888]",
        "http://[::ffff:8.8.8.8]",
        "http://0.0.0.0",
        "http://[fe80::1%25eth0]",  # no browser opens a zone
        "http://casa.local:99999",
        "http://casa..local",
        "http://-casa.local",
        "http://casa mar.local",
        "http://1.2.3",
    ],
)
def test_what_no_phone_opens_or_would_leave_the_house_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        lan_address(said)


def test_the_secret_stands_where_no_browser_sends_it() -> None:
    assert lan_link("http://[fd00::20]:8480", "s" * 64) == f"http://[fd00::20]:8480/#{'s' * 64}"
