"""Which pages does a guest see? Plain files without anything personal; who serves them adds data.

`assets()` gives every file by the path it is served under. The house serves them on its LAN. The
pages speak JSON to `/api/…` of whoever served them and load nothing from anywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from guest_ui.texts import texts_json

_FILES: Final = {
    "/": ("stay.html", "text/html"),
    "/join": ("join.html", "text/html"),
    "/sign": ("sign.html", "text/html"),
    "/static/icon.svg": ("icon.svg", "image/svg+xml"),
    "/static/portero.css": ("portero.css", "text/css"),
    "/static/common.js": ("common.js", "text/javascript"),
    "/static/stay.js": ("stay.js", "text/javascript"),
    "/static/music.js": ("music.js", "text/javascript"),
    "/static/join.js": ("join.js", "text/javascript"),
    "/static/sign.js": ("sign.js", "text/javascript"),
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as served, UTF-8. `tag` changes whenever the content does."""

    content: bytes
    media_type: str
    tag: str


@cache
def assets() -> Mapping[str, Asset]:
    """Every file by path, texts included."""
    folder = files("guest_ui") / "static"
    found = {
        path: _asset((folder / name).read_bytes(), media_type)
        for path, (name, media_type) in _FILES.items()
    }
    found["/static/texts.json"] = _asset(texts_json(), "application/json")
    return MappingProxyType(found)


def _asset(content: bytes, media_type: str) -> Asset:
    return Asset(content, media_type, sha256(content).hexdigest()[:16])
