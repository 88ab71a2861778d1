"""Searching and browsing."""

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant
from edge_agent.errors import PickAnother
from edge_agent.ports import MediaItem, MediaType
from edge_agent.simulator.music.catalogue import large_catalogue
from edge_agent.simulator.music.server import MusicServer


async def test_a_track_reads_in_our_words(server: MusicServer, music: MusicAssistant) -> None:
    found = await music.search("clair lune", types=(MediaType.TRACK,), limit=5)
    assert found == (
        MediaItem(
            uri="library://track/13",
            name="Clair de lune",
            media_type=MediaType.TRACK,
            artist="Claude Debussy",
            album="Suite bergamasque",
            duration_seconds=305,
            image_url=f"{server.url}/imageproxy?path=covers/4.jpg&provider=library&size=0",
            explicit=False,
        ),
    )


async def test_types_come_in_the_order_asked_and_each_within_the_limit(
    music: MusicAssistant,
) -> None:
    types = (MediaType.ALBUM, MediaType.TRACK, MediaType.ARTIST)
    found = await music.search("suite", types=types, limit=2)
    assert [item.media_type for item in found] == [MediaType.ALBUM] * 2 + [MediaType.TRACK] * 2
    assert [item.name for item in found[:2]] == ["Suite bergamasque", "Suite española"]


async def test_playlists_are_found(music: MusicAssistant) -> None:
    found = await music.search("evening", types=tuple(MediaType), limit=5)
    assert [(item.media_type, item.uri) for item in found] == [
        (MediaType.PLAYLIST, "library://playlist/1")
    ]


async def test_no_type_finds_nothing_without_asking(
    server: MusicServer, music: MusicAssistant
) -> None:
    assert await music.search("suite", types=(), limit=5) == ()
    assert server.received("music/search") == []


async def test_long_pages_come_in_pieces_and_arrive_whole(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.stage.world.catalogue = large_catalogue(1300)
    names = [item.name for item in await music.tracks(limit=500, offset=700)]
    assert names == [f"Étude {number:05d}" for number in range(701, 1201)]
    assert await music.tracks(limit=10, offset=5000) == ()


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (501, 0), (10, -1)])
async def test_pages_out_of_bounds_are_refused(
    music: MusicAssistant, limit: int, offset: int
) -> None:
    with pytest.raises(PickAnother):
        await music.tracks(limit=limit, offset=offset)


async def test_a_query_of_endless_length_is_refused(music: MusicAssistant) -> None:
    with pytest.raises(PickAnother):
        await music.search("x" * 201, types=(MediaType.TRACK,), limit=5)
