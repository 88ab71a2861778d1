"""How is something playable addressed, and how do Home Assistant's answers about media read?"""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from edge_agent.errors import PickAnother
from edge_agent.ports import MediaItem, MediaType

LONGEST = 500

_ADDRESS = re.compile(r"homeassistant://(?:track|album|artist|playlist)/([^/\s]+)/([^/\s]+)")
# Home Assistant would fetch or speak whatever it is given; guests name only what its players hold.
_FETCHED = re.compile(r"(?:https?|ftp|file|rtsps?|rtmp|hls|data):|/", re.IGNORECASE)
_SPOKEN = re.compile(r"media-source://(?!(?:media_source|[\w]*radio\w*)/)", re.IGNORECASE)

_KINDS = {
    "track": MediaType.TRACK,
    "music": MediaType.TRACK,
    "album": MediaType.ALBUM,
    "artist": MediaType.ARTIST,
    "playlist": MediaType.PLAYLIST,
}


class Node(BaseModel):
    """One node of a media tree; what we do not use is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: str
    media_class: str
    media_content_id: str
    media_content_type: str
    can_play: bool = False
    can_expand: bool = False
    children: tuple["Node", ...] | None = None


class _Found(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    result: tuple[Node, ...] = Field(default=())


def address_of(node: Node, kind: MediaType) -> str:
    """An address that `parts_of` takes back."""
    content_type, content_id = (
        quote(part, safe="") for part in (node.media_content_type, node.media_content_id)
    )
    return f"homeassistant://{kind}/{content_type}/{content_id}"


def parts_of(uri: str) -> tuple[str, str]:
    """Content type and id of an address made here; PickAnother for anything else."""
    match = _ADDRESS.fullmatch(uri) if len(uri) <= LONGEST else None
    if match is None:
        raise PickAnother("bad_address")
    content_type, content_id = unquote(match[1]), unquote(match[2])
    foreign = _FETCHED.match(content_id) or _SPOKEN.match(content_id)
    if foreign or ".." in content_id.split("/") or content_type.casefold() in {"url", "tts"}:
        raise PickAnother("bad_address")
    return content_type, content_id


def item_of(node: Node) -> MediaItem | None:
    """Something playable of the four kinds we know."""
    kind = _KINDS.get(node.media_class)
    if kind is None or not node.can_play:
        return None
    uri = address_of(node, kind)
    return MediaItem(
        uri=uri,
        name=node.title,
        media_type=kind,
        artist=None,
        album=None,
        duration_seconds=None,
        image_url=None,
        explicit=None,
    )


def found_in(answer: dict[str, JsonValue], player: str) -> tuple[Node, ...]:
    """What a search answered for this player; nothing when it cannot be read."""
    try:
        return _Found.model_validate(answer.get(player)).result
    except ValidationError:
        return ()


def node_in(answer: dict[str, JsonValue], player: str) -> Node | None:
    """The node a browse answered for this player; None when it cannot be read."""
    try:
        return Node.model_validate(answer.get(player))
    except ValidationError:
        return None


def items_of(nodes: tuple[Node, ...]) -> Iterator[MediaItem]:
    """Those that can be played, and whose address fits."""
    for node in nodes:
        item = item_of(node)
        if item is not None and len(item.uri) <= LONGEST:
            yield item
