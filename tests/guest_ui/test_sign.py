"""Does the sign on the wall lead to the house, and tell nobody's secret?"""

import re
import zlib
from xml.etree import ElementTree as ET

import pytest
import segno
from segno import helpers

from guest_ui.sign import Sign, Wifi, code_png, sign_svg

NAME, BARE = "http://casa-del-mar.local", "http://[fd00::20]:8480"
SPACE = "{http://www.w3.org/2000/svg}"


def page_of(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


def codes_of(svg: bytes) -> list[set[tuple[int, int]]]:
    """The dark modules of each code, row and column without the quiet zone."""
    drawn = page_of(svg).iter(f"{SPACE}path")
    return [
        {
            (int(row) - 4, int(column) - 4)
            for column, row in re.findall(r"M(\d+) (\d+)h", path.get("d", ""))
        }
        for path in drawn
    ]


def modules(code: segno.QRCode) -> set[tuple[int, int]]:
    return {(y, x) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark}


def words_of(svg: bytes) -> str:
    return " ".join(each.text or "" for each in page_of(svg).iter(f"{SPACE}text"))


def test_the_code_is_the_address_and_nothing_else() -> None:
    svg = sign_svg(Sign((NAME,), "Casa del Mar"))
    assert codes_of(svg) == [modules(segno.make(f"{NAME}/", error="m"))]
    assert "casa-del-mar.local" in words_of(svg)


def test_a_second_address_has_a_code_of_its_own() -> None:
    first, second = codes_of(sign_svg(Sign((NAME, BARE), "Casa")))
    assert first == modules(segno.make(f"{NAME}/", error="m"))
    assert second == modules(segno.make(f"{BARE}/", error="m"))


def test_the_wifi_is_in_its_code_alone() -> None:
    wifi = Wifi('Gäste;"Netz"', "pass\\word:1")
    svg = sign_svg(Sign((NAME,), "Casa", wifi=wifi))
    expected = helpers.make_wifi(ssid=wifi.name, password=wifi.password, security="WPA")
    assert codes_of(svg)[1] == modules(expected)
    assert wifi.password not in svg.decode()
    assert wifi.password not in repr(wifi)
    assert wifi.password not in repr(Sign((NAME,), wifi=wifi))


@pytest.mark.parametrize(
    ("languages", "said", "unsaid"),
    [
        (("en",), "You booked", "Usted reservó"),
        (("es",), "Usted reservó", "You booked"),
        (("es", "en"), "You booked", "nothing"),
    ],
)
def test_it_speaks_the_languages_chosen(languages: tuple[str, ...], said: str, unsaid: str) -> None:
    words = words_of(sign_svg(Sign((NAME,), languages=languages)))
    assert said in words
    assert unsaid not in words


def test_it_is_an_a5_page_without_script_style_or_anything_from_elsewhere() -> None:
    svg = sign_svg(Sign((NAME,), '<script>alert("x")</script> & Söhne'))
    page = page_of(svg)
    assert (page.get("width"), page.get("height")) == ("148mm", "210mm")
    assert {each.tag for each in page.iter()} == {
        f"{SPACE}{tag}" for tag in ("svg", "rect", "text", "path")
    }
    assert not re.search(rb"href|style=|url\(", svg)


def test_everything_stays_on_the_page() -> None:
    longest = Sign(
        (f"http://{'long-name-' * 6}.local", BARE), "The house " * 12, wifi=Wifi("w" * 32, "p" * 63)
    )
    for each in page_of(sign_svg(longest)).iter(f"{SPACE}text"):
        wide = float(each.get("font-size", "0")) * len(each.text or "") * 0.57
        assert wide <= 148
        assert 0 < float(each.get("y", "0")) < 210


def test_the_code_alone_is_a_png_a_host_can_place() -> None:
    png = code_png(NAME)
    assert png.startswith(b"\x89PNG")
    side = int.from_bytes(png[16:20])
    assert side == 12 * segno.make(f"{NAME}/", error="m").symbol_size(border=4)[0]
    assert zlib.crc32(png[12:29]) == int.from_bytes(png[29:33])
