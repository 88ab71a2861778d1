"""Steer the music from the LAN."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from edge_agent.actions.music import Music, Played
from edge_agent.local_api.problems import refused
from edge_agent.local_api.requests_in import Body, body_of, id_of, query_of, token_of
from protocol.access import Refusal
from protocol.ids import PlayerId
from protocol.music import (
    Library,
    MediaView,
    MusicVerb,
    Players,
    PlayerView,
    PlayMedia,
    Search,
    SetVolume,
    Transport,
    ViewQueue,
)

_Kind = Literal["track", "album", "artist", "playlist"]


class TransportBody(Body):
    """A command without an argument."""

    command: Literal["play", "pause", "stop", "next", "previous"]


class VolumeBody(Body):
    """The wanted volume; what is louder than allowed is set to what is allowed."""

    percent: Annotated[int, Field(strict=True, ge=0, le=100)]


class MediaBody(Body):
    """Something a search found."""

    uri: Annotated[str, Field(min_length=1, max_length=500)]
    media_type: _Kind
    option: Literal["play", "replace", "next", "replace_next", "add"] = "play"


class QueueQuery(Body):
    """How much of the queue."""

    limit: int = Field(default=50, ge=1, le=200)


class SearchQuery(Body):
    """`types` separated by commas; none means all."""

    query: Annotated[str, Field(min_length=1, max_length=200)]
    types: Annotated[str, Field(pattern=r"^((track|album|artist|playlist)(,|$))*$")] = ""
    limit: int = Field(default=20, ge=1, le=100)


class PageQuery(Body):
    """A page of the library's things of one kind."""

    kind: _Kind = "track"
    limit: int = Field(default=50, ge=1, le=200)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class PlayedDocument(BaseModel):
    """What the speakers answered. `is_here`: this house has a music server."""

    is_here: bool
    players: tuple[PlayerView, ...]
    media: tuple[MediaView, ...]


class SpeakerRoutes:
    """`/api/players…` and `/api/music/…`."""

    def __init__(self, music: Music) -> None:
        self._music = music

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler."""
        return [
            web.get("/api/players", self.players),
            web.get("/api/players/{player}/queue", self.queue),
            web.post("/api/players/{player}/transport", self.transport),
            web.post("/api/players/{player}/volume", self.volume),
            web.post("/api/players/{player}/media", self.media),
            web.get("/api/music/search", self.search),
            web.get("/api/music/library", self.library),
        ]

    async def players(self, request: web.Request) -> web.Response:
        """The players this person may see; `not_connected` where nothing is known."""
        return await self._do(request, Players())

    async def queue(self, request: web.Request) -> web.Response:
        """What a player will play."""
        query = query_of(request, QueueQuery)
        return await self._do(request, ViewQueue(player=_player(request), limit=query.limit))

    async def transport(self, request: web.Request) -> web.Response:
        """Play, pause, stop, next, previous."""
        body = await body_of(request, TransportBody)
        return await self._do(request, Transport(player=_player(request), command=body.command))

    async def volume(self, request: web.Request) -> web.Response:
        """Set the volume, at most to the ceiling of the house."""
        body = await body_of(request, VolumeBody)
        return await self._do(request, SetVolume(player=_player(request), percent=body.percent))

    async def media(self, request: web.Request) -> web.Response:
        """Put something found into the queue."""
        body = await body_of(request, MediaBody)
        wish = PlayMedia(
            player=_player(request), uri=body.uri, media_type=body.media_type, option=body.option
        )
        return await self._do(request, wish)

    async def search(self, request: web.Request) -> web.Response:
        """Find music."""
        query = query_of(request, SearchQuery)
        types = [each for each in query.types.split(",") if each]
        wish = Search.model_validate({"query": query.query, "types": types, "limit": query.limit})
        return await self._do(request, wish)

    async def library(self, request: web.Request) -> web.Response:
        """The library's tracks, albums, artists or playlists."""
        query = query_of(request, PageQuery)
        wish = Library(media_type=query.kind, limit=query.limit, offset=query.offset)
        return await self._do(request, wish)

    async def _do(self, request: web.Request, wish: MusicVerb) -> web.Response:
        played = await self._music.for_guest(token_of(request), wish)
        if isinstance(played, Refusal):
            raise refused(played)
        return web.Response(body=_document(played, self._music), content_type="application/json")


def _document(played: Played, music: Music) -> bytes:
    document = PlayedDocument(is_here=music.is_here, players=played.players, media=played.media)
    return document.model_dump_json().encode()


def _player(request: web.Request) -> PlayerId:
    return PlayerId(id_of(request, "player"))
