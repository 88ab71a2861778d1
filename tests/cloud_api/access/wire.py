"""A house on a real broker that decides on its own book, doors and music alike."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cloud_api.courier.post import BrokerAddress
from cloud_api.courier.process import Courier, Parts, install_keys
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.ports import Desk as FleetDesk
from cloud_api.fleet.snapshots.service import Workshop
from cloud_api.kit.clock import SystemClock
from portero.local.broker import LocalBroker
from protocol.access import Refusal, Right, Verb
from protocol.envelope import Kind
from protocol.home import Things, ThingView, UseThing
from protocol.ids import GrantId
from protocol.keys import KeyUse
from protocol.live import NonceGrant, NonceRequest
from protocol.music import (
    MediaView,
    MusicAnswer,
    MusicRequest,
    MusicResult,
    Players,
    PlayerView,
    SetVolume,
)
from protocol.topics import Up
from provisioning import ceremony
from tests.cloud_api.access.stage import Visit
from tests.cloud_api.fleet.house_on_the_wire import WireHouse, utc_now

_VERBS = {"open": Verb.DOOR_OPEN, "lock": Verb.DOOR_LOCK}
SONG = MediaView(uri="library://track/1", name="La Luna", media_type="track")


@dataclass
class Player:
    """How the music server behaves, and what it was asked."""

    result: MusicResult = MusicResult.DONE
    reason: str | None = None
    silent: bool = False
    asked: list[MusicRequest] = field(default_factory=list)


class DecidingHouse(WireHouse):
    """Refuses what its book does not allow, as lockd would."""

    music = Player()

    def refusal(self, grant_id: GrantId, right: Right | None) -> Refusal | None:
        """None when it may be done now."""
        found = (
            next((each for each in self.book.grants if each.id == grant_id), None)
            if (self.book)
            else None
        )
        if found is None:
            return Refusal.UNKNOWN_GRANT
        if utc_now() < found.window.starts:
            return Refusal.NOT_STARTED
        if right is not None and not found.has(right):
            return Refusal.NO_SUCH_RIGHT
        return None

    async def _give_nonce(self, frame: bytes) -> None:
        request = self._read(frame, Kind.NONCE_REQUEST, NonceRequest, KeyUse.LIVE)
        refusal = self.refusal(request.grant, Right(_VERBS[request.move], request.lock))
        nonce = None if refusal else secrets.token_hex(16)
        if nonce is not None:
            self._nonces[nonce] = request
        grant = NonceGrant(house=self.id, command=request.command, nonce=nonce, refusal=refusal)
        await self.say(Up.NONCE, self.seal(Kind.NONCE_GRANT, grant))

    async def _play(self, frame: bytes) -> None:
        request = self._read(frame, Kind.MUSIC_REQUEST, MusicRequest, KeyUse.LIVE)
        self.music.asked.append(request)
        if not self.music.silent:
            await self.say(Up.MUSIC, self.seal(Kind.MUSIC_ANSWER, self._answer(request)))

    def _answer(self, request: MusicRequest) -> MusicAnswer:
        if isinstance(request.ask, Things | UseThing):
            return self._of_things(request, request.ask)
        right = (
            Right(Verb.MUSIC_VOLUME, request.ask.player)
            if isinstance(request.ask, SetVolume)
            else None
        )
        refusal = self.refusal(request.grant, right)
        result = MusicResult.REFUSED if refusal else self.music.result
        done = result is MusicResult.DONE
        wants_players = isinstance(request.ask, Players)
        return MusicAnswer(
            house=self.id,
            request=request.request,
            result=result,
            reason=refusal.value if refusal else self.music.reason,
            players=self._views() if done and wants_players else (),
            media=() if wants_players or not done else (SONG,),
        )

    def _of_things(self, request: MusicRequest, ask: Things | UseThing) -> MusicAnswer:
        use = Right(Verb.HOME_USE, ask.thing) if isinstance(ask, UseThing) else None
        refusal = self.refusal(request.grant, use)
        result = MusicResult.REFUSED if refusal else self.music.result
        things = [] if self.book is None or result is not MusicResult.DONE else self.book.things
        return MusicAnswer(
            house=self.id,
            request=request.request,
            result=result,
            reason=refusal.value if refusal else self.music.reason,
            things=tuple(
                ThingView(
                    thing=each.thing,
                    name=each.name,
                    kind=each.kind,
                    may_use=not self.refusal(request.grant, Right(Verb.HOME_USE, each.thing)),
                    state="on",
                    lowest=each.lowest,
                    highest=each.highest,
                )
                for each in things
                if use is None or each.thing == use.target
            ),
        )

    def _views(self) -> tuple[PlayerView, ...]:
        return tuple(
            PlayerView(player=each.player, name=each.name, state="playing", volume=30)
            for each in (self.book.players if self.book else ())
        )


@dataclass
class Wire:
    """Keys, broker, courier and house of one visit."""

    visit: Visit
    house: DecidingHouse
    broker: LocalBroker
    keyring: Keyring

    @asynccontextmanager
    async def courier(self) -> AsyncIterator[None]:
        """A courier that also builds, and opens what houses seal."""
        clock = SystemClock()
        workshop = Workshop(self.keyring.snapshots(), self.visit.vault, clock, secrets.token_bytes)
        desk = FleetDesk(self.keyring.live(), clock, self.keyring.opener())
        address = BrokerAddress("127.0.0.1", self.broker.port, "courier-1")
        courier = Courier(Parts(self.visit.database, address, desk, workshop))
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(courier.run(), name="courier")
            async with asyncio.timeout(10):
                await courier.connected.wait()
            try:
                yield
            finally:
                task.cancel()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[DecidingHouse]:
        """Courier and house, until the end of the block."""
        async with self.courier(), self.house.online(self.broker.port):
            yield self.house

    async def holds(self, grant_id: str) -> None:
        """Wait until the house's book has this grant and the cloud knows it."""
        wanted = UUID(grant_id)
        await self.house.until(
            lambda: (
                self.house.book is not None
                and wanted in {each.id for each in self.house.book.grants}
            )
        )
        async with asyncio.timeout(5):
            while True:
                (row,) = await self.visit.desk.sql(
                    "SELECT acked_version = version AND NOT dirty AND online AS known"
                    " FROM fleet_houses WHERE house_id = :id",
                    id=self.house.id,
                )
                if row.known:
                    return
                await asyncio.sleep(0.02)


async def lay(visit: Visit, broker: LocalBroker, folder: Path) -> Wire:
    """Hold the key ceremony, and enrol a device."""
    now = visit.clock.utc_now()
    ceremony.hold(root_folder=folder / "root", cloud_folder=folder / "cloud", now=now)
    keyring = Keyring(folder / "cloud")
    await install_keys(visit.database, keyring, visit.clock)
    house = DecidingHouse(visit.hotel.house_id, root_public=keyring.root_public())
    house.music = Player()
    await visit.desk.sql(
        "UPDATE fleet_houses SET signing_key = :signing, sealing_key = :sealing,"
        " enrolled_at = now() WHERE house_id = :id",
        signing=house.signer.public_hex,
        sealing=house.sealing.public_hex,
        id=visit.hotel.house_id,
    )
    visit.device = house.signer
    return Wire(visit, house, broker, keyring)
