"""Does the house decide about its music, and does everybody hear its own answer?"""

from uuid import uuid4

import httpx
import pytest

from protocol.access import name_context
from protocol.facts import Requested
from protocol.ids import GrantId, RequestId
from protocol.music import LibraryTracks, MusicResult, PlayMedia, Search, SetVolume, Transport
from protocol.sealing import seal_for
from tests.builders import JsonDict
from tests.cloud_api.access.stage import Person, Visit
from tests.cloud_api.access.wire import SONG, Wire


async def arrive(wire: Wire, room: int = 0) -> Person:
    booked = await wire.visit.book([wire.visit.desk.rooms[room]])
    await wire.holds((await wire.visit.grant(booked))["id"])
    return await wire.visit.guest_of(booked)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_everything_of_the_music_reaches_the_house_and_its_answer_the_guest(
    wire: Wire,
) -> None:
    player = wire.visit.hotel.player
    async with wire.running() as house:
        guest = await arrive(wire)
        shown = (await guest.get("/players")).json()
        assert (shown["live"], shown["players"][0]["state"], shown["players"][0]["volume"]) == (
            True,
            "playing",
            30,
        )
        at = f"/players/{player}"
        song = {"uri": SONG.uri, "media_type": "track", "option": "replace_next"}
        for path, body in (
            ("transport", {"command": "pause"}),
            ("volume", {"percent": 0}),
            ("volume", {"percent": 100}),
            ("media", song),
        ):
            answer = await guest.post(f"{at}/{path}", body)
            assert (answer.status_code, answer.json()) == (200, {"done": True})
        for answer in (
            await guest.get(f"{at}/queue"),
            await guest.get("/music/search", query="luna", types=["album", "track"]),
            await guest.get("/music/library"),
            await guest.get("/music/search", query="luna"),
        ):
            assert answer.json()["media"][0]["name"] == "La Luna"
        asked = [request.ask for request in house.music.asked][1:]
        assert asked[:4] == [
            Transport(player=player, command="pause"),
            SetVolume(player=player, percent=0),
            SetVolume(player=player, percent=100),
            PlayMedia(player=player, uri=SONG.uri, media_type="track", option="replace_next"),
        ]
        assert asked[5:] == [
            Search(query="luna", types=("album", "track"), limit=50),
            LibraryTracks(limit=50, offset=0),
            Search(query="luna", types=(), limit=50),
        ]
        assert house.flaws == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("volume", {"percent": 101}),
        ("volume", {"percent": -1}),
        ("volume", {"percent": "30"}),
        ("volume", {"percent": 30.5}),
        ("transport", {"command": "explode"}),
        ("media", {"uri": "x", "media_type": "track"}),
        ("media", {"uri": "x", "media_type": "track", "option": "now"}),
        ("media", {"media_type": "track", "option": "play"}),
    ],
)
async def test_a_wish_that_makes_no_sense_is_not_relayed(
    visit: Visit, path: str, body: JsonDict
) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    answer = await guest.post(f"/players/{visit.hotel.player}/{path}", body)
    assert code(answer) == (422, "invalid_request")
    assert await visit.desk.sql("SELECT 1 FROM fleet_music_asks") == []


async def test_a_house_without_music_says_so_and_still_lists_its_players(wire: Wire) -> None:
    wire.house.music.result = MusicResult.NO_MUSIC_HERE
    async with wire.running():
        guest = await arrive(wire)
        answer = await guest.get("/music/library")
        assert code(answer) == (501, "no_music_here")
        shown = (await guest.get("/players")).json()
        assert (shown["live"], shown["why"]) == (False, "no_music_here")
        assert [(each["name"], each["state"]) for each in shown["players"]] == [
            ("Living room", "not_connected")
        ]


async def test_the_houses_no_is_said_in_the_guests_words(wire: Wire) -> None:
    async with wire.running():
        contact = {"name": "Ana", "email": "ana@example.org", "language": "es"}
        booked = await wire.visit.book([wire.visit.desk.rooms[0]], 1, 3, contact=contact)
        await wire.holds((await wire.visit.grant(booked))["id"])
        guest = await wire.visit.guest_of(booked)
        answer = await guest.get("/music/library")
        assert code(answer) == (403, "house_refused")
        assert (answer.json()["reason"], answer.json()["detail"]) == (
            "not_started",
            "la estancia aún no ha empezado",
        )


async def test_a_house_that_tried_and_failed_says_so(wire: Wire) -> None:
    wire.house.music.result, wire.house.music.reason = MusicResult.FAILED, "player_gone"
    async with wire.running():
        answer = await (await arrive(wire)).get("/music/library")
        assert code(answer) == (502, "music_failed")
        assert answer.json()["reason"] == "player_gone"


async def test_what_the_house_does_not_take_is_no_failure_of_the_house(wire: Wire) -> None:
    async with wire.running() as house:
        contact = {"name": "Ana", "email": "ana@example.org", "language": "es"}
        booked = await wire.visit.book([wire.visit.desk.rooms[0]], contact=contact)
        await wire.holds((await wire.visit.grant(booked))["id"])
        guest = await wire.visit.guest_of(booked)
        house.music.result = MusicResult.FAILED
        song = {"uri": "library://track/404", "media_type": "track", "option": "add"}
        told = {}
        for reason in ("no_such_media", "others_wait", "bad_address", "player_failed"):
            house.music.reason = reason
            answer = await guest.post(f"/players/{wire.visit.hotel.player}/media", song)
            assert answer.json()["reason"] == reason
            told[reason] = (*code(answer), answer.json().get("detail"))
    assert told == {
        "no_such_media": (404, "no_such_music", "esa música ya no está aquí; elija otra"),
        "others_wait": (
            422,
            "music_not_taken",
            "aquí se respetan los turnos; añádalo a la cola",
        ),
        "bad_address": (
            422,
            "music_not_taken",
            "eso no es una dirección de música; elija algo de la búsqueda",
        ),
        "player_failed": (502, "music_failed", None),
    }


async def test_a_house_that_does_not_answer_is_not_reached(wire: Wire) -> None:
    async with wire.running():
        guest = await arrive(wire)
    await wire.visit.desk.sql("UPDATE fleet_houses SET online = false")
    answer = await guest.get("/music/library")
    assert code(answer) == (504, "house_not_reached")
    shown = (await guest.get("/players")).json()
    assert (shown["live"], shown["why"], len(shown["players"])) == (False, "house_not_reached", 1)


async def test_a_house_without_a_device_still_lists_its_players(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    shown = (await guest.get("/players")).json()
    assert (shown["live"], shown["why"], len(shown["players"])) == (False, "house_not_enrolled", 1)
    answer = await guest.post(f"/players/{visit.hotel.player}/volume", {"percent": 5})
    assert code(answer) == (409, "house_not_enrolled")


async def test_players_and_rights_of_others_are_not_asked_for(visit: Visit) -> None:
    await visit.enrol()
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    answer = await guest.post(f"/players/{uuid4()}/volume", {"percent": 5})
    assert code(answer) == (403, "not_yours")
    body = {
        "join_code": (await guest.stay())["join_code"],
        "name": "Bruno",
        "wants": ["music:control"],
    }
    asked = (await visit.somebody().post("/join", body)).json()
    await guest.post(f"/requests/{asked['request_id']}/answer", {"approve": True})
    waited = await visit.somebody().post("/waiting", {"waiting_secret": asked["waiting_secret"]})
    companion = await visit.sign_in(waited.json()["links"]["cloud_url"])
    at = f"/players/{visit.hotel.player}"
    assert code(await companion.post(f"{at}/volume", {"percent": 5})) == (403, "not_yours")
    assert code(await companion.get("/music/library")) == (403, "not_yours")
    assert await visit.desk.sql("SELECT 1 FROM fleet_music_asks") == []


async def test_a_companions_name_sealed_in_the_house_is_opened_for_the_host(wire: Wire) -> None:
    visit, request = wire.visit, uuid4()
    async with wire.running() as house:
        booked = await visit.book([visit.desk.rooms[0]])
        grant = await visit.grant(booked)
        await wire.holds(grant["id"])
        assert house.keys is not None
        box = seal_for(
            house.keys.sealing_key() or "",
            "Zoë Bruno".encode(),
            context=name_context(house.id, request),
            ephemeral_seed=b"\x09" * 32,
        )
        house.record(
            Requested(
                request=RequestId(request),
                parent=GrantId(grant["id"]),
                rights=(f"music:control:{visit.hotel.player}",),
                name_box=box,
                expires_at=visit.clock.utc_now(),
            )
        )
        await house.send_facts()
        await house.until(lambda: house.receipt == 1)
        await visit.work()
    (row,) = (await visit.hotel.tenant.get("/access-requests")).json()["items"]
    assert (row["name"], row["made_in_house"]) == ("Zoë Bruno", True)
