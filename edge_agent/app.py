"""How is the agent put together? The composition root of the process that carries.

It holds no lock key and decides nothing: lockd does, behind a unix socket.
"""

import asyncio
import random
import secrets
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import structlog

from edge_agent.actions.explain import explain
from edge_agent.actions.hand_back import HandBackRound
from edge_agent.actions.home import Home
from edge_agent.actions.music import Music, MusicDevices
from edge_agent.actions.music_warden import BUSY_SECONDS, MusicWarden
from edge_agent.actions.reconfigured import keep_serving
from edge_agent.doorkeeper import CloudGate, GuestGate, HomeGate, HouseState, MusicGate, StateGate
from edge_agent.drivers.speakers import SpeakerConfig, SpeakerServer, open_speakers
from edge_agent.errors import EdgeError
from edge_agent.health import HealthWatch, LinkPart, MusicPart, Supervisor, keep_telling
from edge_agent.link.broker import BrokerAddress, TlsFiles
from edge_agent.link.client import Link, Pace
from edge_agent.link.home_board import BoardPace, HomeBoard
from edge_agent.link.home_discovery import Topics
from edge_agent.local_api.addresses import Reach, reachable
from edge_agent.local_api.server import LanConfig, lan_application, open_lan
from edge_agent.lock_socket.client import LockdClient
from edge_agent.logs import tell_in_json
from edge_agent.memory import give_back_later
from edge_agent.policy.home_servers import server_mark
from edge_agent.settings import AgentSettings, ServiceManager
from edge_agent.store.speaker_memory import SpeakerMemoryFile
from edge_agent.store.told_stays import ToldStaysFile
from protocol.ids import HouseId

if TYPE_CHECKING:
    from edge_agent.drivers.home_assistant import HomeAssistant
    from edge_agent.local_api.by_name.keeper import NameKeeper

_log = structlog.get_logger("portero.agent")

_LOCKD_RETRY_SECONDS = 1.0
_GATE_SECONDS = 10.0


class Gate(CloudGate, GuestGate, MusicGate, HomeGate, StateGate, Protocol):
    """Everything the agent may ask of lockd."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A running agent: its house and the LAN port it really got."""

    house: HouseId
    lan_port: int


async def run(settings: AgentSettings) -> None:
    """The whole process: until SIGTERM or SIGINT, then an orderly end."""
    tell_in_json()
    async with LockdClient(settings.lockd_socket) as gate:
        await _until_told(serve(settings, gate))


async def serve(
    settings: AgentSettings, gate: Gate, *, ready: Callable[[Standing], None] = lambda _: None
) -> None:
    """Run until cancelled, then leave in order: goodbye to the broker, no half-sent answers.

    What lockd holds of settings from afar is used in place of our own, also when it changes.
    """
    await keep_serving(settings, gate, lambda merged: _serve(merged, gate, ready))


async def _serve(settings: AgentSettings, gate: Gate, ready: Callable[[Standing], None]) -> None:
    state = await _state_of(gate)
    house, locked = HouseId(state.house), frozenset(state.lock_servers)
    async with AsyncExitStack() as running:
        server = await running.enter_async_context(_music_server(settings, locked))
        server_of_things = await running.enter_async_context(_home_server(settings, locked))
        devices = MusicDevices(server, server, server, server, server, server) if server else None
        home = Home(gate, server_of_things.things if server_of_things else None)
        music = Music(gate, devices, home)
        link = _link(settings, house, gate, music)
        port = await running.enter_async_context(
            _lan(settings, gate, music, home, _watch(gate, link, server))
        )
        await running.enter_async_context(_advertised(settings, house, port))
        tasks = await running.enter_async_context(asyncio.TaskGroup())
        tasks.create_task(link.run(), name="link")
        tasks.create_task(keep_telling(_supervisor(), lambda: None), name="supervisor")
        board = home_board(settings, house, gate, link)
        if board is not None:
            tasks.create_task(board.run(), name="home-board")
        if server is not None and music.queues is not None:
            warden = MusicWarden(gate, server, music.queues)
            tasks.create_task(
                _keep_peace(warden, server, settings.music_peace_seconds), name="music-warden"
            )
        if devices is not None:
            memory = SpeakerMemoryFile(settings.data / "speakers.json")
            rounds = HandBackRound(gate, devices, memory)
            tasks.create_task(
                _keep_handing_back(rounds, settings.music_look_seconds), name="music-hand-back"
            )
        give_back_later()
        _log.info("agent_up", house=str(house), lan_port=port)
        ready(Standing(house, port))


async def _until_told(work: Coroutine[None, None, None]) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with asyncio.TaskGroup() as group:
        agent = group.create_task(work, name="agent")
        waiting = group.create_task(told.wait(), name="signals")
        await asyncio.wait({agent, waiting}, return_when=asyncio.FIRST_COMPLETED)
        agent.cancel()
        waiting.cancel()


async def _state_of(gate: StateGate) -> HouseState:
    """Which house this is, and more; lockd knows, and may still be starting."""
    while True:
        try:
            async with asyncio.timeout(_GATE_SECONDS):
                return await gate.state()
        except (EdgeError, TimeoutError) as error:
            _log.warning("lockd_awaited", reason=str(error) or "timeout")
        await asyncio.sleep(_LOCKD_RETRY_SECONDS)


def _supervisor() -> Supervisor | None:
    started_by = ServiceManager()
    return Supervisor.of(started_by.notify_socket, started_by.watchdog_usec)


def _link(settings: AgentSettings, house: HouseId, gate: Gate, music: Music) -> Link:
    return Link(
        house,
        broker_address(settings, house),
        gate=gate,
        state=gate,
        music=music,
        new_session=lambda: secrets.token_hex(16),
        jitter=random.random,
        pace=Pace(query_seconds=settings.query_seconds),
    )


def broker_address(settings: AgentSettings, house: HouseId) -> BrokerAddress:
    """Where the broker is. ValueError when only some of the TLS files are named."""
    files = (settings.mqtt_authority, settings.mqtt_certificate, settings.mqtt_key)
    authority, certificate, key = files
    tls = TlsFiles(authority, certificate, key) if authority and certificate and key else None
    if tls is None and any(files):
        raise ValueError("PORTERO_AGENT_MQTT_AUTHORITY, _CERTIFICATE and _KEY: all three or none")
    password = settings.mqtt_password
    return BrokerAddress(
        settings.mqtt_host,
        settings.mqtt_port,
        identifier=str(house),
        tls=tls,
        username=settings.mqtt_username,
        password=password.get_secret_value() if password else None,
    )


@asynccontextmanager
async def _lan(
    settings: AgentSettings, gate: Gate, music: Music, home: Home, watch: HealthWatch
) -> AsyncIterator[int]:
    config = LanConfig(
        settings.lan_host,
        settings.lan_port,
        frozenset({*settings.lan_names, _machine_name(), settings.lan_https_name.lower()}),
        addresses=reachable(lan_reach(settings)),
    )
    keeper = _name_keeper(settings)
    application = lan_application(
        config,
        guests=gate,
        music=music,
        home=home,
        health=watch.report,
        now=asyncio.get_running_loop().time,
        by_name=keeper,
    )

    async def by_tls(context: ssl.SSLContext) -> None:
        await lan.also_by_tls(context, settings.lan_https_port)

    async def earliest() -> datetime:
        return (await gate.state()).earliest

    async with AsyncExitStack() as running:
        lan = await running.enter_async_context(open_lan(config, application))
        if keeper is not None:
            await running.enter_async_context(keeper.at_work(by_tls, now=earliest))
        yield lan.port


@asynccontextmanager
async def _advertised(settings: AgentSettings, house: HouseId, port: int) -> AsyncIterator[None]:
    if not settings.advertise:
        yield
        return
    from edge_agent.local_api.advertisement import (  # noqa: PLC0415 - 5 MB that few need
        Advertisement,
        advertised,
    )

    async with advertised(Advertisement(house, port, _local_name(settings))):
        yield


@asynccontextmanager
async def _music_server(
    settings: AgentSettings, locked: frozenset[str]
) -> AsyncIterator[SpeakerServer | None]:
    of_home = settings.music_driver == "home_assistant"
    if not settings.music_url or (of_home and _opens_doors(settings.music_url, locked)):
        yield None
        return
    token = settings.music_token.get_secret_value()
    config = SpeakerConfig(settings.music_driver, settings.music_url, token, settings.music_players)
    async with open_speakers(config) as server:
        yield server


@asynccontextmanager
async def _home_server(
    settings: AgentSettings, locked: frozenset[str]
) -> AsyncIterator["HomeAssistant | None"]:
    if not settings.home_url or _opens_doors(settings.home_url, locked):
        yield None
        return
    from edge_agent.drivers.home_assistant import (  # noqa: PLC0415 - half a second that few need
        HomeAssistant,
        HomeAssistantConfig,
    )

    config = HomeAssistantConfig(settings.home_url, settings.home_token.get_secret_value())
    async with HomeAssistant(config) as server:
        yield server


def home_board(settings: AgentSettings, house: HouseId, gate: Gate, link: Link) -> HomeBoard | None:
    """What tells the house's own automations; None where there is no broker for them."""
    if not settings.home_mqtt_host:
        return None
    password = settings.home_mqtt_password
    return HomeBoard(
        Topics(house, settings.home_mqtt_prefix),
        BrokerAddress(
            settings.home_mqtt_host,
            settings.home_mqtt_port,
            identifier=f"portero-{house.hex}",
            username=settings.home_mqtt_username,
            password=password.get_secret_value() if password else None,
        ),
        home=gate,
        state=gate,
        cloud_online=lambda: link.counters.online,
        memory=ToldStaysFile(settings.data / "told_stays.json"),
        pace=BoardPace(settings.home_mqtt_seconds),
        withdraws=settings.home_mqtt_withdraw,
    )


def _opens_doors(url: str, locked: frozenset[str]) -> bool:
    """A server that moves locks is not used: the house goes on without its music and things."""
    refused = server_mark(url) in locked
    if refused:
        _log.error("server_refused", reason="it_moves_locks_too", see="docs/home-assistant.md")
    return refused


async def _keep_handing_back(rounds: HandBackRound, seconds: float) -> None:
    while True:
        try:
            async with asyncio.timeout(max(60.0, seconds)):
                await rounds.turn()
        except (EdgeError, TimeoutError) as error:
            _log.warning("hand_back_waits", reason=str(error) or "timeout")
        except Exception as error:  # noqa: BLE001 - a door of the process: music must not end it
            _log.error("hand_back_failed", bug=explain(error))
        await asyncio.sleep(seconds)


async def _keep_peace(warden: MusicWarden, server: SpeakerServer, seconds: float) -> None:
    """Look after each change, and now and then without one: the clock turns by itself."""
    loop = asyncio.get_running_loop()
    with server.changes() as changes:
        while True:
            wait = seconds
            try:
                async with asyncio.timeout(60.0):
                    wait = BUSY_SECONDS if await warden.turn(loop.time()) else seconds
            except (EdgeError, TimeoutError) as error:
                _log.warning("peace_waits", reason=str(error) or "timeout")
            except Exception as error:  # noqa: BLE001 - a door of the process: music must not end it
                _log.error("peace_failed", bug=explain(error))
            with suppress(TimeoutError, StopAsyncIteration):
                async with asyncio.timeout(wait):
                    await anext(changes)


def _watch(gate: StateGate, link: Link, server: SpeakerServer | None) -> HealthWatch:
    def link_part() -> LinkPart:
        counters = link.counters
        return LinkPart(
            online=counters.online,
            connections=counters.connections,
            lost=counters.lost,
            refused=dict(counters.refused),
            dropped=dict(counters.dropped),
        )

    def music_part() -> MusicPart:
        if server is None:
            return MusicPart(is_here=False, connected=False)
        status = server.status
        return MusicPart(is_here=True, connected=status.connected, reason=status.reason)

    return HealthWatch(gate, link_part, music_part)


def _name_keeper(settings: AgentSettings) -> "NameKeeper | None":
    if not settings.lan_https_name:
        return None
    # 12 MB that few need
    from edge_agent.local_api.by_name.keeper import Name, NameKeeper  # noqa: PLC0415
    from edge_agent.local_api.by_name.keys import HandOver, NameKeys  # noqa: PLC0415
    from edge_agent.local_api.by_name.proof import AskedServer, Mark  # noqa: PLC0415

    name = settings.lan_https_name.lower()
    folder = settings.data / "by-name"
    asked = urlsplit(f"//{settings.lan_resolver}")
    return NameKeeper(
        Name(
            name,
            settings.lan_port_outside or settings.lan_port,
            settings.lan_https_port_outside or settings.lan_https_port,
        ),
        keys=NameKeys(folder, name),
        issuer=HandOver(folder),
        server=AskedServer(asked.hostname or "", asked.port or 53),
        mark=Mark(),
    )


def lan_reach(settings: AgentSettings) -> Reach:
    """Names are printed where somebody answers for them: chosen by a host, or advertised by us."""
    chosen = settings.lan_names if "lan_names" in settings.model_fields_set else ()
    advertised_name = (_local_name(settings),) if settings.advertise else ()
    names = dict.fromkeys(each for each in (*chosen, *advertised_name) if each != "localhost")
    outside = settings.lan_port_outside
    return Reach(tuple(names), outside or settings.lan_port, is_inside=outside is not None)


def _machine_name() -> str:
    """The name an avahi beside us answers for; no name server of the internet can."""
    return f"{socket.gethostname().lower()}.local"


def _local_name(settings: AgentSettings) -> str:
    names = (each for each in settings.lan_names if each.endswith(".local"))
    return next(names, "portero.local")
