"""What may be asked of the players, and how do they answer?"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from protocol.base import Instant, Wire
from protocol.home import HomeVerb, ThingView
from protocol.ids import GrantId, HouseId, PlayerId, RequestId

Percent = Annotated[int, Field(ge=0, le=100)]


class QuietHours(Wire):
    """Local clock times `HH:MM`; may wrap midnight. The ceiling holds from start to end."""

    starts_local: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    ends_local: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    ceiling: Percent


class MusicRules(Wire):
    """What the neighbours are owed, and guests each other; enforced in the house.

    `fade_seconds`: how long the music takes to sink when quiet hours begin. `explicit`: whether
    tracks marked explicit may be played. `take_turns`: who adds while others wait is put among
    them, one each in turn, and companions may only add. `waiting_each`: tracks one person may have
    waiting; 0 for any number.
    """

    ceiling: Percent = 100
    quiet_hours: tuple[QuietHours, ...] = Field(default=(), max_length=7)
    fade_seconds: int = Field(default=30, ge=0, le=600)
    explicit: bool = True
    take_turns: bool = False
    waiting_each: int = Field(default=0, ge=0, le=500)


class Players(Wire):
    """List the players the grant may see, with live state or `not_connected`."""

    verb: Literal["players"] = "players"


class Transport(Wire):
    """Play, pause, stop, next or previous."""

    verb: Literal["transport"] = "transport"
    player: PlayerId
    command: Literal["play", "pause", "stop", "next", "previous"]


class SetVolume(Wire):
    """Volume in percent."""

    verb: Literal["set_volume"] = "set_volume"
    player: PlayerId
    percent: Percent


class ViewQueue(Wire):
    """The player's active queue."""

    verb: Literal["view_queue"] = "view_queue"
    player: PlayerId
    limit: int = Field(default=50, ge=1, le=200)


class PlayMedia(Wire):
    """Put media into the queue."""

    verb: Literal["play_media"] = "play_media"
    player: PlayerId
    uri: str = Field(min_length=1, max_length=500)
    media_type: Literal["track", "album", "artist", "playlist"]
    option: Literal["play", "replace", "next", "replace_next", "add"]


class Search(Wire):
    """Find music; an empty `types` means all."""

    verb: Literal["search"] = "search"
    query: str = Field(min_length=1, max_length=200)
    types: tuple[Literal["track", "album", "artist", "playlist"], ...] = ()
    limit: int = Field(default=50, ge=1, le=100)


class LibraryTracks(Wire):
    """Tracks of the library."""

    verb: Literal["library_tracks"] = "library_tracks"
    limit: int = Field(default=50, ge=1, le=200)
    offset: int = Field(default=0, ge=0)


class Library(Wire):
    """A page of the library's things of one kind, by name."""

    verb: Literal["library"] = "library"
    media_type: Literal["track", "album", "artist", "playlist"]
    limit: int = Field(default=50, ge=1, le=200)
    offset: int = Field(default=0, ge=0)


MusicVerb = Annotated[
    Players | Transport | SetVolume | ViewQueue | PlayMedia | Search | LibraryTracks | Library,
    Field(discriminator="verb"),
]


RelayedVerb = Annotated[MusicVerb | HomeVerb, Field(discriminator="verb")]
"""What the cloud may relay: music, and things of the house by the same line."""


class MusicRequest(Wire):
    """One expiring wish, relayed by the cloud, decided by the house, answered once."""

    house: HouseId
    request: RequestId
    grant: GrantId
    ask: RelayedVerb
    expires_at: Instant


class MusicResult(StrEnum):
    """How a wish ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    NO_MUSIC_HERE = "no_music_here"
    NO_HOME_HERE = "no_home_here"
    EXPIRED = "expired"


class PlayerView(Wire):
    """A player as people see it. `ceiling`: how loud it may be just now."""

    player: PlayerId
    name: str
    state: Literal["idle", "playing", "paused", "not_connected"]
    volume: Percent | None = None
    ceiling: Percent | None = None
    muted: bool | None = None
    title: str | None = None
    artist: str | None = None
    image_url: str | None = None


class MediaView(Wire):
    """Something playable, or an entry of a queue. `yours`: the asker put it there."""

    uri: str
    name: str
    media_type: str
    artist: str | None = None
    album: str | None = None
    duration_seconds: int | None = None
    image_url: str | None = None
    current: bool = False
    explicit: bool | None = None
    yours: bool = False


class MusicAnswer(Wire):
    """The house's one answer. `reason` is a stable word when not done."""

    house: HouseId
    request: RequestId
    result: MusicResult
    reason: str | None = Field(default=None, max_length=100)
    players: tuple[PlayerView, ...] = ()
    media: tuple[MediaView, ...] = ()
    things: tuple[ThingView, ...] = Field(default=(), max_length=100)
