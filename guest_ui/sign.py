"""What hangs on the house's wall? An A5 page with the address of the house's own page as a code.

Nobody's secret is on it: guests sign in by their own link. The Wi-Fi's password is there only where
the host gave it, in the picture and nowhere else.
"""

import io
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

import segno
from segno import helpers

from guest_ui.texts import CATALOGUE

_WIDTH: Final = 148.0
_MIDDLE: Final = _WIDTH / 2
_MARGIN: Final = 12.0
_LINE: Final = 66
"""Letters of the small type that fit between the margins."""


@dataclass(frozen=True, slots=True)
class Wifi:
    """The guests' network; `password` empty where it is open."""

    name: str
    password: str = ""

    def __repr__(self) -> str:
        """Never the password."""
        return f"Wifi({self.name})"


@dataclass(frozen=True, slots=True)
class Sign:
    """`addresses`: as `protocol.lan` writes them, one or two; `languages`: of `guest_ui.texts`."""

    addresses: tuple[str, ...]
    house: str = ""
    languages: tuple[str, ...] = tuple(CATALOGUE)
    wifi: Wifi | None = None


def sign_svg(sign: Sign) -> bytes:
    """The whole page, 148 by 210 mm, self-contained, no style sheet or script."""
    first, *others = sign.addresses
    parts = [
        *_text(sign.house, 16, size=min(9.0, 230 / max(len(sign.house), 1)), weight=700),
        _code(segno.make(f"{first}/", error="m"), x=_MIDDLE - 36, y=23, side=72),
        *_text(first.removeprefix("http://"), 103, size=min(6.5, 215 / len(first)), weight=700),
        *_sentences(sign.languages),
        *_corner(sign, others),
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="148mm" height="210mm" '
        'viewBox="0 0 148 210" font-family="system-ui, sans-serif" fill="#000">'
        f'<rect width="148" height="210" fill="#fff"/>{"".join(parts)}</svg>'
    ).encode()


def code_png(address: str) -> bytes:
    """The code alone, for a host's own design; 12 points a module, with its quiet zone."""
    drawn = io.BytesIO()
    segno.make(f"{address}/", error="m").save(drawn, kind="png", scale=12)
    return drawn.getvalue()


def _sentences(languages: tuple[str, ...]) -> Iterator[str]:
    y = 115.0
    for language in languages:
        words = CATALOGUE[language]
        yield from _text(words["sign.title"], y, size=4.8, weight=700)
        y += 6.0
        for key in ("sign.booked", "sign.with"):
            for line in textwrap.wrap(words[key], _LINE):
                yield from _text(line, y, size=3.7)
                y += 4.9
        y += 5.0


def _corner(sign: Sign, others: list[str]) -> Iterator[str]:
    """Below: how to get into the Wi-Fi, and the address where the name is not understood."""
    if sign.wifi is not None:
        wifi = helpers.make_wifi(
            ssid=sign.wifi.name,
            password=sign.wifi.password or None,
            security="WPA" if sign.wifi.password else None,
        )
        yield _code(wifi, x=_MARGIN, y=168, side=30)
        yield from _text("Wi-Fi", 176, size=3.7, weight=700, x=_MARGIN + 33, anchor="start")
        name = textwrap.shorten(sign.wifi.name, 16, placeholder="…")
        yield from _text(name, 181, size=3.7, x=_MARGIN + 33, anchor="start")
    if others:
        right = _WIDTH - _MARGIN
        yield _code(segno.make(f"{others[0]}/", error="m"), x=right - 30, y=168, side=30)
        told = others[0].removeprefix("http://")
        words = " / ".join(CATALOGUE[each]["sign.else"] for each in sign.languages)
        yield from _text(words, 201.5, size=3.0, x=right, anchor="end")
        yield from _text(told, 205.5, size=3.4, weight=700, x=right, anchor="end")


def _text(
    words: str,
    y: float,
    *,
    size: float,
    weight: int = 400,
    x: float = _MIDDLE,
    anchor: str = "middle",
) -> Iterator[str]:
    if words:
        yield (
            f'<text x="{x:g}" y="{y:g}" font-size="{size:.2f}" font-weight="{weight}" '
            f'text-anchor="{anchor}">{escape(words)}</text>'
        )


def _code(code: segno.QRCode, *, x: float, y: float, side: float) -> str:
    """The modules as one path, scaled to a square of `side` mm with a quiet zone of four."""
    rows = list(code.matrix_iter(border=4))
    drawn = "".join(
        f"M{column} {row}h1v1h-1z"
        for row, modules in enumerate(rows)
        for column, is_dark in enumerate(modules)
        if is_dark
    )
    scale = side / len(rows)
    return f'<path transform="translate({x:g} {y:g}) scale({scale:.5f})" d="{drawn}"/>'
