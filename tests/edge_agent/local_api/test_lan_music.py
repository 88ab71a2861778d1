"""Can a guest steer the music, within what lockd permits?"""

from uuid import uuid4

import httpx
import pytest

from edge_agent.doorkeeper import MusicPermit
from protocol.access import Refusal
from protocol.music import MusicRules
from tests.edge_agent.doorman import Doorman
from tests.edge_agent.guests import Guests
from tests.edge_agent.speakers_here import SpeakersHere


async def test_players_show_their_live_state(booker: httpx.AsyncClient, guests: Guests) -> None:
    heard = (await booker.get("/api/players")).json()
    assert heard["is_here"]
    (player,) = heard["players"]
    assert (player["player"], player["name"]) == (str(guests.player), "Living room")
    assert (player["state"], player["volume"]) == ("idle", 30)


async def test_play_and_stop_reach_the_speaker(
    booker: httpx.AsyncClient, guests: Guests, speakers: SpeakersHere, doorman: Doorman
) -> None:
    path = f"/api/players/{guests.player}/transport"
    assert (await booker.post(path, json={"command": "play"})).status_code == 200
    assert speakers.readings["speaker-1"].state == "playing"
    assert (await booker.post(path, json={"command": "stop"})).status_code == 200
    assert speakers.readings["speaker-1"].state == "idle"
    assert doorman.asked_permits == [("transport", guests.player)] * 2


@pytest.mark.parametrize(("wanted", "set_to"), [(0, 0), (59, 59), (60, 60), (61, 60), (100, 60)])
async def test_volume_is_held_to_the_ceiling(
    booker: httpx.AsyncClient,
    guests: Guests,
    speakers: SpeakersHere,
    wanted: int,
    set_to: int,
) -> None:
    answer = await booker.post(f"/api/players/{guests.player}/volume", json={"percent": wanted})
    assert answer.status_code == 200
    assert speakers.readings["speaker-1"].volume == set_to


@pytest.mark.parametrize("percent", [-1, 101, 5.5, "50", None, 500])
async def test_a_volume_that_is_none_is_422(
    booker: httpx.AsyncClient, guests: Guests, speakers: SpeakersHere, percent: object
) -> None:
    answer = await booker.post(f"/api/players/{guests.player}/volume", json={"percent": percent})
    assert answer.status_code == 422
    assert speakers.readings["speaker-1"].volume == 30


async def test_what_was_found_can_be_queued_and_seen(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    found = (
        await booker.get("/api/music/search", params={"query": "sun", "types": "track"})
    ).json()
    (item,) = found["media"]
    body = {"uri": item["uri"], "media_type": item["media_type"], "option": "add"}
    queued = await booker.post(f"/api/players/{guests.player}/media", json=body)
    assert queued.status_code == 200
    queue = (await booker.get(f"/api/players/{guests.player}/queue")).json()
    assert [(each["uri"], each["current"]) for each in queue["media"]] == [(item["uri"], True)]


async def test_a_search_without_types_looks_everywhere(booker: httpx.AsyncClient) -> None:
    found = (await booker.get("/api/music/search", params={"query": "sun"})).json()
    kinds = {each["media_type"] for each in found["media"]}
    assert kinds == {"track", "album", "artist", "playlist"}


async def test_the_library_has_pages(booker: httpx.AsyncClient) -> None:
    page = (await booker.get("/api/music/library", params={"limit": 3, "offset": 6})).json()
    assert [each["name"] for each in page["media"]] == ["song 6", "song 7", "song 8"]
    albums = (await booker.get("/api/music/library", params={"kind": "album"})).json()
    assert [each["media_type"] for each in albums["media"]] == ["album"]


async def test_a_companion_who_jumps_the_queue_is_told_why(
    booker: httpx.AsyncClient, guests: Guests, doorman: Doorman
) -> None:
    rules = MusicRules(take_turns=True)
    follows = {"rules": rules, "leads": False}
    doorman.permit_answer = doorman.permit_answer.model_copy(update=follows)
    body = {"uri": "library://track/1", "media_type": "track", "option": "next"}
    answer = await booker.post(f"/api/players/{guests.player}/media", json=body)
    assert answer.status_code == 422
    assert "others_wait" in answer.text


@pytest.mark.parametrize(
    "query", ["", "?query=", "?query=x&limit=0", "?query=x&types=video", "?query=x&more=1"]
)
async def test_a_broken_search_is_422(booker: httpx.AsyncClient, query: str) -> None:
    answer = await booker.get(f"/api/music/search{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_query"


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(Refusal.ENDED, 403), (Refusal.NO_SUCH_RIGHT, 403), (Refusal.NOT_SIGNED_IN, 401)],
)
async def test_what_lockd_refuses_does_not_reach_the_speaker(  # noqa: PLR0917 - fixtures
    booker: httpx.AsyncClient,
    guests: Guests,
    doorman: Doorman,
    speakers: SpeakersHere,
    refusal: Refusal,
    status: int,
) -> None:
    doorman.permit_answer = MusicPermit(allowed=False, grant=guests.grant, refusal=refusal)
    path = f"/api/players/{guests.player}/transport"
    answer = await booker.post(path, json={"command": "play"})
    assert (answer.status_code, answer.json()["code"]) == (status, refusal.value)
    assert speakers.readings["speaker-1"].state == "idle"


async def test_a_player_of_somebody_else_does_not_exist(
    booker: httpx.AsyncClient, speakers: SpeakersHere
) -> None:
    answer = await booker.post(f"/api/players/{uuid4()}/transport", json={"command": "play"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_target"
    assert speakers.readings["speaker-1"].state == "idle"


async def test_a_music_server_that_is_away_is_a_503_but_the_list_answers(
    booker: httpx.AsyncClient, guests: Guests, speakers: SpeakersHere
) -> None:
    speakers.away = True
    command = await booker.post(f"/api/players/{guests.player}/transport", json={"command": "play"})
    assert command.status_code == 503
    assert command.json()["code"] == "music_unreachable"
    (player,) = (await booker.get("/api/players")).json()["players"]
    assert player["state"] == "not_connected"


@pytest.mark.parametrize("has_music", [False])
async def test_a_house_without_music_explains_itself_and_still_lists_players(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    command = await booker.post(f"/api/players/{guests.player}/transport", json={"command": "play"})
    assert command.status_code == 501
    assert command.json()["code"] == "no_music_here"
    assert command.json()["detail"] == "This house has no music server."
    heard = (await booker.get("/api/players")).json()
    assert not heard["is_here"]
    assert [each["state"] for each in heard["players"]] == ["not_connected"]
