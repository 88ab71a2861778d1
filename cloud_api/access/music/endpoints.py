"""How does a guest steer the music from afar over HTTP?"""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from cloud_api.access.auth import CurrentGuest, count
from cloud_api.access.errors import (
    HouseNotReachedError,
    HouseRefusedError,
    LinkRefusedError,
    MusicFailedError,
    MusicNotTakenError,
    NoMusicHereError,
    NoSuchMusicError,
    NotYoursError,
)
from cloud_api.access.music import service
from cloud_api.access.music.schemas import (
    DoneOut,
    MediaIn,
    MediaKind,
    MediaOut,
    PlayersOut,
    TransportIn,
    VolumeIn,
)
from cloud_api.access.music.service import Line
from cloud_api.fleet.errors import HouseNotEnrolledError
from cloud_api.kit.errors import TooManyAttempts, problem_responses
from cloud_api.kit.http import backstage, room_router
from cloud_api.kit.throttle import Limit
from protocol.ids import PlayerId
from protocol.music import (
    Library,
    LibraryTracks,
    PlayMedia,
    Search,
    SetVolume,
    Transport,
    ViewQueue,
)

WISHES_PER_GRANT = Limit(attempts=120, window=timedelta(minutes=1))


async def _limit(request: Request, guest: CurrentGuest) -> None:
    await count(request, "guest.music", str(guest.grant_id), WISHES_PER_GRANT)


router = room_router(prefix="/guest", tag="music")
_ASKS = problem_responses(
    LinkRefusedError,
    NotYoursError,
    HouseRefusedError,
    HouseNotEnrolledError,
    TooManyAttempts,
    NoMusicHereError,
    NoSuchMusicError,
    MusicNotTakenError,
    MusicFailedError,
    HouseNotReachedError,
)
_LIMITED = [Depends(_limit)]


async def _line(request: Request) -> Line:
    stage = backstage(request)
    return Line(stage.database, stage.bell, stage.clock)


OurLine = Annotated[Line, Depends(_line)]
Most = Annotated[int, Query(ge=1, le=200)]
Words = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Kinds = Annotated[list[MediaKind], Query(max_length=4, description="none means all")]


@router.get(
    "/players",
    dependencies=_LIMITED,
    responses=problem_responses(
        LinkRefusedError, NotYoursError, HouseRefusedError, TooManyAttempts
    ),
)
async def list_players(line: OurLine, guest: CurrentGuest) -> PlayersOut:
    """The stay's players; `not_connected` where the house or its music does not answer."""
    return await service.players(line, guest)


@router.get("/players/{player_id}/queue", dependencies=_LIMITED, responses=_ASKS)
async def view_queue(
    line: OurLine, guest: CurrentGuest, player_id: UUID, limit: Most = 50
) -> MediaOut:
    """What the player will play."""
    wish = ViewQueue(player=PlayerId(player_id), limit=limit)
    return MediaOut(media=list((await service.ask(line, guest, wish)).media))


@router.post("/players/{player_id}/transport", dependencies=_LIMITED, responses=_ASKS)
async def command(
    line: OurLine, guest: CurrentGuest, player_id: UUID, body: TransportIn
) -> DoneOut:
    """Play, pause, stop, next, previous."""
    await service.ask(line, guest, Transport(player=PlayerId(player_id), command=body.command))
    return DoneOut()


@router.post("/players/{player_id}/volume", dependencies=_LIMITED, responses=_ASKS)
async def set_volume(
    line: OurLine, guest: CurrentGuest, player_id: UUID, body: VolumeIn
) -> DoneOut:
    """Volume in percent; the house holds it to what the neighbours are owed."""
    await service.ask(line, guest, SetVolume(player=PlayerId(player_id), percent=body.percent))
    return DoneOut()


@router.post("/players/{player_id}/media", dependencies=_LIMITED, responses=_ASKS)
async def play_media(line: OurLine, guest: CurrentGuest, player_id: UUID, body: MediaIn) -> DoneOut:
    """Put something into the queue: play, replace, next, replace_next or add."""
    wish = PlayMedia(
        player=PlayerId(player_id), uri=body.uri, media_type=body.media_type, option=body.option
    )
    await service.ask(line, guest, wish)
    return DoneOut()


@router.get("/music/search", dependencies=_LIMITED, responses=_ASKS)
async def search(
    line: OurLine,
    guest: CurrentGuest,
    query: Words,
    types: Kinds = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> MediaOut:
    """Find music of these types, or of all."""
    wish = Search(query=query, types=tuple(types), limit=limit)
    return MediaOut(media=list((await service.ask(line, guest, wish)).media))


@router.get("/music/library", dependencies=_LIMITED, responses=_ASKS)
async def library(
    line: OurLine,
    guest: CurrentGuest,
    kind: MediaKind = "track",
    limit: Most = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> MediaOut:
    """Tracks, albums, artists or playlists of the library, by name."""
    wish: LibraryTracks | Library
    if kind == "track":  # a house one version behind knows this word
        wish = LibraryTracks(limit=limit, offset=offset)
    else:
        wish = Library(media_type=kind, limit=limit, offset=offset)
    return MediaOut(media=list((await service.ask(line, guest, wish)).media))
