"""How is music asked for over HTTP?"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from protocol.music import MediaView

type MediaKind = Literal["track", "album", "artist", "playlist"]


class TransportIn(BaseModel):
    """A command without an argument."""

    model_config = ConfigDict(extra="forbid")

    command: Literal["play", "pause", "stop", "next", "previous"]


class VolumeIn(BaseModel):
    """The wanted volume; what is louder than the house allows is set to what it allows."""

    model_config = ConfigDict(extra="forbid")

    percent: Annotated[int, Field(strict=True, ge=0, le=100)]


class MediaIn(BaseModel):
    """Something a search found, and where in the queue it goes."""

    model_config = ConfigDict(extra="forbid")

    uri: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
    media_type: MediaKind
    option: Literal["play", "replace", "next", "replace_next", "add"]


class PlayerOut(BaseModel):
    """A player; `not_connected` where nothing is known of it just now.

    `ceiling`: how loud the house lets it be just now, in percent.
    """

    player_id: UUID
    name: str
    state: Literal["idle", "playing", "paused", "not_connected"]
    volume: int | None = None
    ceiling: int | None = None
    muted: bool | None = None
    title: str | None = None
    artist: str | None = None
    image_url: str | None = None


class PlayersOut(BaseModel):
    """The players of the stay. `live`: the house answered; else `why` is a stable word."""

    players: list[PlayerOut]
    live: bool
    why: str | None = None


class MediaOut(BaseModel):
    """Something playable, or the entries of a queue."""

    media: list[MediaView]


class DoneOut(BaseModel):
    """The house did it."""

    done: Literal[True] = True
