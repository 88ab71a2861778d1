"""How does a guest's wish for music reach the house, and what does its answer mean?"""

from dataclasses import dataclass
from typing import assert_never

from cloud_api.access.errors import (
    HouseNotReachedError,
    HouseRefusedError,
    MusicFailedError,
    MusicNotTakenError,
    NoMusicHereError,
    NoSuchMusicError,
    NotYoursError,
)
from cloud_api.access.guests import service as guests_service
from cloud_api.access.music.rules import failure
from cloud_api.access.music.schemas import PlayerOut, PlayersOut
from cloud_api.access.types import Guest
from cloud_api.fleet import service as fleet_service
from cloud_api.fleet.errors import HouseNotEnrolledError
from cloud_api.kit.bell import Bell
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database
from cloud_api.properties import service as properties_service
from cloud_api.properties.types import PlayerPlace
from guest_ui.texts import CATALOGUE, ENGLISH
from protocol.access import Verb
from protocol.ids import PlayerId
from protocol.music import (
    Library,
    LibraryTracks,
    MusicAnswer,
    MusicResult,
    MusicVerb,
    Players,
    PlayerView,
    PlayMedia,
    Search,
    SetVolume,
    Transport,
    ViewQueue,
)

_ANY = (Verb.MUSIC_CONTROL, Verb.MUSIC_VOLUME, Verb.MUSIC_QUEUE)
_FRESH_SECONDS = 10.0
# A house that seems away may be back this very moment; nobody should wait long to learn it is not.
_AWAY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """What a relayed wish needs; nothing of it holds a transaction while waiting."""

    database: Database
    bell: Bell
    clock: Clock


async def ask(line: Line, guest: Guest, wish: MusicVerb) -> MusicAnswer:
    """The house's own yes, with what it found.

    Raises NotYoursError before asking; HouseNotEnrolledError, HouseNotReachedError,
    HouseRefusedError, NoMusicHereError, NoSuchMusicError, MusicNotTakenError, MusicFailedError.
    """
    if not _may(guest, wish):
        raise NotYoursError
    async with line.database.transaction() as session:
        is_there = await guests_service.is_house_there(session, line.clock, guest)
        seconds = _FRESH_SECONDS if is_there else _AWAY_SECONDS
        request_id = await fleet_service.ask_music(
            session,
            house_id=guest.house_id,
            grant_id=guest.grant_id,
            ask=wish,
            within_seconds=seconds,
        )
    answer = await fleet_service.await_music(
        line.database, line.bell, guest.scope, request_id, wait_seconds=seconds
    )
    return _judged(answer, guest)


async def players(line: Line, guest: Guest) -> PlayersOut:
    """The stay's players, always: with live state where the house answers.

    Raises NotYoursError, and HouseRefusedError where the house itself says no.
    """
    async with line.database.reading() as session:
        layout = await properties_service.house_layout(session, guest.house_id)
    mine = [each for each in layout.players if any(guest.may(verb, each.id) for verb in _ANY)]
    try:
        answer = await ask(line, guest, Players())
    except (
        HouseNotEnrolledError,
        HouseNotReachedError,
        NoMusicHereError,
        NoSuchMusicError,
        MusicNotTakenError,
        MusicFailedError,
    ) as problem:
        return PlayersOut(players=[_silent(each) for each in mine], live=False, why=problem.code)
    told = {each.player: each for each in answer.players}
    views = [
        _told(told[PlayerId(each.id)], each) if PlayerId(each.id) in told else _silent(each)
        for each in mine
    ]
    return PlayersOut(players=views, live=True)


def _may(guest: Guest, wish: MusicVerb) -> bool:
    """A first look only: the house decides again on its own book."""
    match wish:
        case Transport():
            return guest.may(Verb.MUSIC_CONTROL, wish.player)
        case SetVolume():
            return guest.may(Verb.MUSIC_VOLUME, wish.player)
        case PlayMedia():
            return guest.may(Verb.MUSIC_QUEUE, wish.player)
        case ViewQueue():
            return guest.may(Verb.MUSIC_CONTROL, wish.player) or guest.may(
                Verb.MUSIC_QUEUE, wish.player
            )
        case Search() | LibraryTracks() | Library():
            return guest.may_at_all(Verb.MUSIC_QUEUE)
        case Players():
            return guest.may_at_all(*_ANY)
        case _:
            assert_never(wish)


def _judged(answer: MusicAnswer | None, guest: Guest) -> MusicAnswer:
    if answer is None or answer.result is MusicResult.EXPIRED:
        raise HouseNotReachedError
    reason = answer.reason or answer.result.value
    match answer.result:
        case MusicResult.DONE:
            return answer
        case MusicResult.REFUSED:
            raise HouseRefusedError(_sentence(guest, reason), extra={"reason": reason})
        case MusicResult.NO_MUSIC_HERE | MusicResult.NO_HOME_HERE:
            raise NoMusicHereError
        case MusicResult.FAILED:
            raise failure(reason)(_sentence(guest, reason), extra={"reason": reason})
        case _:
            assert_never(answer.result)


def _sentence(guest: Guest, reason: str) -> str | None:
    """The house's word in the guest's language, where there are words for it."""
    words = CATALOGUE.get(guest.language, ENGLISH)
    return words.get(f"refusal.{reason}") or words.get(f"reason.{reason}")


def _silent(player: PlayerPlace) -> PlayerOut:
    return PlayerOut(player_id=player.id, name=player.name, state="not_connected")


def _told(view: PlayerView, player: PlayerPlace) -> PlayerOut:
    return PlayerOut(
        player_id=player.id,
        name=player.name,
        state=view.state,
        volume=view.volume,
        ceiling=view.ceiling,
        muted=view.muted,
        title=view.title,
        artist=view.artist,
        image_url=view.image_url,
    )
