"""What music do the simulated players know, in the shape of Home Assistant's media tree?"""

from edge_agent.simulator.home.world import Json
from edge_agent.simulator.music.catalogue import Catalogue, Entry, Kind, small_catalogue

_CATALOGUE: Catalogue = small_catalogue()
_ROOT = "root"


def title_of(content_id: str) -> tuple[str, str | None] | None:
    """Name and artist of something playable."""
    entry = _CATALOGUE.entries.get(content_id)
    return None if entry is None else (entry.name, entry.artist)


def browse(content_id: str | None) -> Json:
    """One node with its children: the root, a kind, or an album."""
    if content_id in {None, "", _ROOT}:
        folders = [_node(f"folder:{kind}", "directory", f"{kind}s", plays=False) for kind in Kind]
        return _node(_ROOT, "directory", "Library", plays=False) | {"children": [*folders]}
    kind = next((k for k in Kind if content_id == f"folder:{k}"), None)
    if kind is not None:
        inside = [_leaf(entry) for entry in _CATALOGUE.of(kind)]
        return _node(content_id or "", "directory", f"{kind}s", plays=False) | {
            "children": [*inside]
        }
    tracks = [_leaf(entry) for entry in _CATALOGUE.playable(content_id or "")]
    return _node(content_id or "", "album", "Album", plays=True) | {"children": [*tracks]}


def find(words: str, content_type: str | None) -> list[Json]:
    """What fits the words, of one kind or of all."""
    kinds = [k for k in Kind if content_type in {None, k.value}]
    return [_leaf(entry) for kind in kinds for entry in _CATALOGUE.search(words, kind, 50)]


def _leaf(entry: Entry) -> Json:
    return _node(entry.uri, entry.kind, entry.name, plays=True)


def _node(content_id: str, kind: str, title: str, *, plays: bool) -> Json:
    return {
        "title": title,
        "media_class": kind,
        "media_content_type": kind,
        "media_content_id": content_id,
        "can_play": plays,
        "can_expand": kind != Kind.TRACK,
        "thumbnail": None,
    }
