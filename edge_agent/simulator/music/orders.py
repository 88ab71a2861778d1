"""Which arguments does each command of the wire take?

Strict: an argument the server's schema does not know is refused, and so is a value of another
type. Arguments that belong to newer schemas may be sent only as null, as the client does.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

type Limit = Annotated[int, Field(ge=0, le=100_000)]
type Option = Literal["play", "replace", "next", "replace_next", "add"]
type SearchType = Literal["track", "album", "artist", "playlist"]


class Order(BaseModel):
    """Arguments of one command."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Order):
    """A command without arguments."""


class OfPlayer(Order):
    """A command to a player."""

    player_id: str


class OfQueue(Order):
    """A command to a queue."""

    queue_id: str


class SetVolume(OfPlayer):
    """A new volume."""

    volume_level: int


class SetMute(OfPlayer):
    """Mute or not."""

    muted: bool


class Join(OfPlayer):
    """Follow another player."""

    target_player: str


class JoinMany(Order):
    """Let many follow one."""

    target_player: str
    child_player_ids: list[str]


class LeaveMany(Order):
    """Take many out of their groups."""

    player_ids: list[str]


class QueueItems(OfQueue):
    """A page of a queue."""

    limit: Limit = 500
    offset: Limit = 0


class DeleteItem(OfQueue):
    """Take an item out of a queue, by id or place."""

    item_id_or_index: str | int


class MoveItem(OfQueue):
    """Move an item: up when negative, down when positive, next when 0."""

    queue_item_id: str
    pos_shift: int = 1


class PlayMedia(OfQueue):
    """Put media into a queue."""

    media: str | list[str]
    option: Option | None = None
    radio_mode: bool = False
    start_item: None = None
    user: None = None
    username: None = None
    sort_by: None = None
    sort_field: None = None
    sort_direction: None = None


class Search(Order):
    """Find media by words."""

    search_query: str
    media_types: list[SearchType]
    limit: Limit = 25
    library_only: bool = False
    user: None = None
    username: None = None


class LibraryTracks(Order):
    """A page of the library."""

    favorite: bool | None = None
    search: str | None = None
    limit: Limit | None = 500
    offset: Limit | None = 0
    order_by: str | None = None
    provider: str | list[str] | None = None
    user: None = None
    sort_field: None = None
    sort_direction: None = None
    random_seed: None = None


class LibraryAlbums(LibraryTracks):
    """A page of the library's albums."""

    album_types: None = None


class LibraryArtists(LibraryTracks):
    """A page of the library's artists."""

    album_artists_only: bool = False


class ByUri(Order):
    """One media item by address."""

    uri: str
