"""How is a wish for music carried out once lockd has permitted it?

Permit, hold to the ceiling, drive, answer. The same path for a person on the LAN and for a request
the cloud relayed. A house without a music server still lists its players.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from pydantic import ValidationError

from edge_agent.actions.home import NO_HOME_HERE, Home
from edge_agent.actions.music_queue import QueueKeeper
from edge_agent.actions.music_views import entry_views, media_views, player_view
from edge_agent.doorkeeper import MusicGate, MusicPermit, Taken
from edge_agent.errors import EdgeError, NoSuchThing, Unsupported
from edge_agent.ports import (
    HandBack,
    MediaItem,
    MediaLibrary,
    MediaShelf,
    MediaType,
    PlayerReading,
    PlayQueue,
    QueueCare,
    QueueOption,
    Speakers,
)
from edge_agent.ports import Transport as TransportCommand
from protocol.access import Refusal
from protocol.envelope import Flaw
from protocol.home import Things, ThingView, UseThing
from protocol.ids import PlayerId
from protocol.music import (
    Library,
    LibraryTracks,
    MediaView,
    MusicAnswer,
    MusicRequest,
    MusicResult,
    MusicVerb,
    Players,
    PlayerView,
    PlayMedia,
    RelayedVerb,
    Search,
    SetVolume,
    Transport,
    ViewQueue,
)

NO_MUSIC_HERE: Final = "no_music_here"
"""The reason when the house has no music server at all."""

_ABSENT: Final = {
    NO_MUSIC_HERE: MusicResult.NO_MUSIC_HERE,
    NO_HOME_HERE: MusicResult.NO_HOME_HERE,
}
_EVERY_TYPE = tuple(MediaType)


@dataclass(frozen=True, slots=True)
class MusicDevices:
    """What a music server offers, by port."""

    speakers: Speakers
    library: MediaLibrary
    queue: PlayQueue
    hand_back: HandBack
    care: QueueCare | None = None
    shelf: MediaShelf | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """What came of an allowed wish: players, media or things, where it asked for some."""

    players: tuple[PlayerView, ...] = ()
    media: tuple[MediaView, ...] = ()
    things: tuple[ThingView, ...] = ()


class Music:
    """The music of one house. `devices` None: there is no music server here.

    Wishes for things of the house are relayed on the same line; `home` carries them out.
    """

    def __init__(
        self, gate: MusicGate, devices: MusicDevices | None, home: Home | None = None
    ) -> None:
        self._gate = gate
        self._home = home
        self._devices = devices
        self.queues = (
            None if devices is None else QueueKeeper(devices.queue, devices.care, devices.shelf)
        )

    @property
    def is_here(self) -> bool:
        """True when the house has a music server configured."""
        return self._devices is not None

    async def for_guest(self, token: str, ask: MusicVerb) -> Played | Refusal:
        """A wish of somebody on the LAN. Unsupported(no_music_here) without a music server."""
        permit = await self._gate.permit(token, ask.verb, _target(ask))
        return await self._when_permitted(permit, ask)

    async def relayed(self, frame: bytes) -> Taken:
        """A wish the cloud relayed; the reply is a signed `MusicAnswer`, also when it is no."""
        judged = await self._gate.permit_relayed(frame)
        if isinstance(judged, Taken):
            return judged
        permit, body = judged
        if body is None:
            return Taken(reason=permit.refusal)
        try:
            request = MusicRequest.from_bytes(body, tolerant=True)
        except ValidationError:
            return Taken(flaw=Flaw.BAD_BODY)
        answer = await self._answer(request, permit)
        return Taken(reply=await self._gate.sign_music_answer(answer.to_bytes()))

    async def _answer(self, request: MusicRequest, permit: MusicPermit) -> MusicAnswer:
        played, result, reason = Played(), MusicResult.DONE, None
        try:
            done = await self._relayed_done(permit, request.ask)
        except EdgeError as error:
            result = _ABSENT.get(error.reason, MusicResult.FAILED)
            reason = error.reason[:100]
        else:
            if isinstance(done, Refusal):
                late = done is Refusal.TOO_LATE
                result = MusicResult.EXPIRED if late else MusicResult.REFUSED
                reason = done.value
            else:
                played = done
        return MusicAnswer(
            house=request.house,
            request=request.request,
            result=result,
            reason=reason,
            players=played.players,
            media=played.media,
            things=played.things,
        )

    async def _relayed_done(self, permit: MusicPermit, ask: RelayedVerb) -> Played | Refusal:
        if not isinstance(ask, Things | UseThing):
            return await self._when_permitted(permit, ask)
        if permit.things is None:
            return permit.refusal or Refusal.NO_SUCH_RIGHT
        if self._home is None:
            raise Unsupported(NO_HOME_HERE)
        seen = await self._home.when_permitted(permit.things, ask)
        return seen if isinstance(seen, Refusal) else Played(things=seen)

    async def _when_permitted(self, permit: MusicPermit, ask: MusicVerb) -> Played | Refusal:
        if not permit.allowed:
            return permit.refusal or Refusal.NO_SUCH_RIGHT
        if isinstance(ask, Players):
            return Played(players=await self._players(permit))
        if self._devices is None or self.queues is None:
            raise Unsupported(NO_MUSIC_HERE, "This house has no music server.")
        speaker = _speaker(permit, ask)
        if isinstance(speaker, Refusal):
            return speaker
        return await _drive(self._devices, self.queues, ask, speaker=speaker, permit=permit)

    async def _players(self, permit: MusicPermit) -> tuple[PlayerView, ...]:
        readings: dict[str, PlayerReading] = {}
        if self._devices is not None:
            readings = await _readings(self._devices.speakers)
        return tuple(
            player_view(each, readings.get(each.speaker), ceiling=permit.ceiling)
            for each in permit.players
        )


async def _drive(
    devices: MusicDevices,
    queues: QueueKeeper,
    ask: MusicVerb,
    *,
    speaker: str,
    permit: MusicPermit,
) -> Played:
    match ask:
        case Transport():
            await devices.speakers.transport(speaker, TransportCommand(ask.command))
        case SetVolume():
            await devices.speakers.set_volume(speaker, min(ask.percent, permit.ceiling))
        case PlayMedia():
            await queues.put(speaker, ask.uri, QueueOption(ask.option), permit)
        case ViewQueue():
            entries = await devices.queue.items(speaker, limit=ask.limit)
            return Played(media=entry_views(entries, yours=queues.yours(str(permit.grant))))
        case Search() | LibraryTracks() | Library():
            found = await _found(devices, ask)
            return Played(media=media_views(found, explicit=permit.rules.explicit))
        case Players():
            raise NoSuchThing("players_are_listed_elsewhere")
        case _:
            assert_never(ask)
    return Played()


async def _found(
    devices: MusicDevices, ask: Search | LibraryTracks | Library
) -> tuple[MediaItem, ...]:
    match ask:
        case Search():
            types = tuple(MediaType(each) for each in ask.types) or _EVERY_TYPE
            return await devices.library.search(ask.query, types=types, limit=ask.limit)
        case LibraryTracks():
            return await devices.library.tracks(limit=ask.limit, offset=ask.offset)
        case Library():
            kind = MediaType(ask.media_type)
            if devices.shelf is not None:
                return await devices.shelf.shelf(kind, limit=ask.limit, offset=ask.offset)
            if kind is MediaType.TRACK:
                return await devices.library.tracks(limit=ask.limit, offset=ask.offset)
            raise Unsupported("no_such_shelf", "This music server has no such shelf.")


async def _readings(speakers: Speakers) -> dict[str, PlayerReading]:
    """Live states; an unreachable server means none, never an error: the list still answers."""
    try:
        return {each.player: each for each in await speakers.players()}
    except EdgeError:
        return {}


def _target(ask: MusicVerb) -> PlayerId | None:
    match ask:
        case Transport() | SetVolume() | ViewQueue() | PlayMedia():
            return ask.player
        case Players() | Search() | LibraryTracks() | Library():
            return None
        case _:
            assert_never(ask)


def _speaker(permit: MusicPermit, ask: MusicVerb) -> str | Refusal:
    """The speaker's id at the music server; only players the permit names exist."""
    target = _target(ask)
    if target is None:
        return ""
    known = (each.speaker for each in permit.players if each.player == target)
    return next(known, Refusal.UNKNOWN_TARGET)
