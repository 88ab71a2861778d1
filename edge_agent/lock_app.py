"""How is lockd put together, started and stopped? Its composition root.

It ends with a code other than 0 when its storage cannot be trusted; whoever started it starts it
again, and everything is verified anew.
"""

import asyncio
import contextlib
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import structlog

from edge_agent.actions.apply_snapshot import end_dead_delegations, record_if_missed
from edge_agent.actions.cloud_desk import Beside, CloudDesk
from edge_agent.actions.companions import Companions
from edge_agent.actions.configure import ConfigurationDesk
from edge_agent.actions.guest_desk import GuestDesk
from edge_agent.actions.hear_time import SystemTime
from edge_agent.actions.home_permits import HomePermits
from edge_agent.actions.house_news import NewsDesk
from edge_agent.actions.keep_lock import LockKeeper
from edge_agent.actions.ledger import Ledger
from edge_agent.actions.live import LiveCommands
from edge_agent.actions.lock_care import CareRound
from edge_agent.actions.lock_clock import ClockRound
from edge_agent.actions.lock_log import LogRound
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.look_hints import LookHints
from edge_agent.actions.means import Means
from edge_agent.actions.move_door import MoveDoor
from edge_agent.actions.music_permits import MusicPermits
from edge_agent.actions.own_life import OwnLife
from edge_agent.actions.pin_marks import renew_fingerprints
from edge_agent.actions.pin_wishes import recover_pins
from edge_agent.actions.pins import PinRound
from edge_agent.actions.record_room import RecordRoom, chain_broken, check_chain
from edge_agent.actions.sessions import Doorstep
from edge_agent.actions.state_desk import StateDesk
from edge_agent.actions.trusted_time import BUILD_FLOOR, TrustedTime
from edge_agent.actions.tuning import tuner
from edge_agent.clock import Clock, SystemClock
from edge_agent.errors import AskHost, StopGranting
from edge_agent.health import Supervisor, keep_telling
from edge_agent.lock_socket.server import Gates, LockServer
from edge_agent.logs import tell_in_json
from edge_agent.memory import give_back_later
from edge_agent.policy.home_servers import marks_of
from edge_agent.ports import LockDevice
from edge_agent.settings import LockdSettings, ServiceManager
from edge_agent.store import identity, life, locks
from edge_agent.store.audit import AuditStore, Limits
from edge_agent.store.configuration import ConfigurationFile
from edge_agent.store.fence import only_one
from edge_agent.store.identity import Identity
from edge_agent.store.locks import KeptLock
from edge_agent.store.opened import AUDIT_BEGAN, Stores, opened
from edge_agent.store.stop_note import clear_note, leaves, noting_why, read_note
from edge_agent.store.update_lock import UpdateLock
from protocol.facts import Alarmed, ClockChanged, FactBody, Started
from protocol.house import ClockState
from protocol.ids import LockId

_log = structlog.get_logger("portero.lockd")

KEEP_FACTS = timedelta(days=40)
"""Acknowledged facts stay longer than the cloud keeps its backups (35 days)."""

STOPPED_GRANTING = 3
"""The exit code when storage cannot be trusted."""

_GOODBYE_SECONDS = 12.0
_CHECKED_AT_START = 5000

OpenDevice = Callable[[KeptLock], LockDevice]


@dataclass(slots=True)
class _Parts:
    """The things lockd is wired from."""

    settings: LockdSettings
    me: Identity
    clock: Clock
    rooms: dict[LockId, LockRoom]
    stores: Stores
    group: asyncio.TaskGroup
    fatal: asyncio.Future[None]

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """A task owned by lockd's one group."""
        self.group.create_task(work, name=name)

    def fail(self, error: StopGranting) -> None:
        """The end of this process."""
        if not self.fatal.done():
            self.fatal.set_exception(error)


@dataclass(frozen=True, slots=True)
class _House:
    """lockd, wired."""

    means: Means
    doors: MoveDoor
    doorstep: Doorstep
    companions: Companions
    room: RecordRoom
    beside: Beside
    server: LockServer
    stores: Stores = field(repr=False)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(LockdSettings())


def run(settings: LockdSettings) -> int:
    """Serve with these settings until told to stop; the process's exit code."""
    tell_in_json()
    code = 0
    try:
        asyncio.run(serve(settings))
    except* StopGranting as group:
        for error in leaves(group):
            _log.critical("stopped_granting", reason=error.reason, detail=str(error))
        code = STOPPED_GRANTING
    return code


async def serve(
    settings: LockdSettings,
    *,
    clock: Clock | None = None,
    open_device: OpenDevice | None = None,
    ready: asyncio.Event | None = None,
) -> None:
    """Serve until cancelled or signalled. StopGranting when storage cannot be trusted."""
    with only_one(settings.data), noting_why(settings.data), _told_to_stop() as stop:
        me = identity.load(settings.data)
        alarms = list(_stopped_before(settings.data))
        kept = locks.load(settings.data)
        busy = UpdateLock(settings.update_lock)
        rooms = dict(_rooms(kept, open_device or _driver_opener(settings), alarms, busy))
        limits = Limits(settings.audit_facts, settings.free_bytes)
        with opened(settings.data, me, limits, alarms) as stores:
            async with asyncio.TaskGroup() as group:
                fatal = asyncio.get_running_loop().create_future()
                parts = _Parts(settings, me, clock or SystemClock(), rooms, stores, group, fatal)
                await _live(_wired(parts), parts, stop, ready or asyncio.Event())


async def _live(house: _House, parts: _Parts, stop: asyncio.Event, ready: asyncio.Event) -> None:
    checked = house.means.audit.head().sequence - _CHECKED_AT_START
    old, alive = house.stores.audit.first_break, house.stores.audit.acknowledged
    _begin(house, parts)
    keepers = _tuned(house, parts)
    async with house.server.serving(parts.settings.socket):
        tasks = [
            parts.group.create_task(_watch(parts.fatal), name="fatal"),
            parts.group.create_task(_upkeep(house, parts.settings), name="upkeep"),
            parts.group.create_task(keep_telling(_supervisor(), alive), name="supervisor"),
            parts.group.create_task(check_chain(house.means, old, through=checked), name="chain"),
            *(parts.group.create_task(each.run(), name="lock") for each in keepers),
        ]
        give_back_later()
        _log.info("lockd_ready", house=str(parts.me.house), locks=len(parts.rooms))
        ready.set()
        await stop.wait()
    for task in tasks:
        task.cancel()
    await _let_moves_end(house.doors)
    house.means.time.save()


def _wired(parts: _Parts) -> _House:
    me, stores = parts.me, parts.stores
    ledger = Ledger(
        house=me.house,
        root_public=me.root_public,
        house_public=me.signer.public_hex,
        shelf=stores.book,
        delegations=stores.state.delegations,
        audit=stores.audit,
        marks=stores.state.marks,
    )
    alarms = ledger.load()
    issued = BUILD_FLOOR if ledger.book.snapshot is None else ledger.book.snapshot.issued_at
    floor = max(issued, stores.audit.newest_at() or BUILD_FLOOR)
    means = Means(
        house=me.house,
        signer=me.signer,
        sealing=me.sealing,
        mac_key=me.mac_key,
        audit=stores.audit,
        time=TrustedTime(parts.clock, stores.state.marks, floor=floor),
        ledger=ledger,
        random_bytes=secrets.token_bytes,
        new_id=uuid4,
    )
    renew_fingerprints(means, stores.state.pins, parts.rooms, former_key=me.former_mac_key)
    means.record(_started(parts), *stores.alarms, *alarms, *_chain_alarm(stores.audit))
    return _with_desks(parts, means)


def _with_desks(parts: _Parts, means: Means) -> _House:
    kept, rooms = parts.stores.state, parts.rooms
    doors = MoveDoor(means, rooms, parts.spawn)
    doorstep = Doorstep(means, kept.sessions)
    companions = Companions(means, kept.requests)
    beside = _beside(parts, means)
    live = LiveCommands(means, doors, frozenset(rooms), life=beside.life.life.id)
    cloud = CloudDesk(means, live, software=parts.settings.software, beside=beside)
    guests = GuestDesk(
        means,
        doorstep=doorstep,
        doors=doors,
        companions=companions,
        rooms=rooms,
        pins=kept.pins,
    )
    news = NewsDesk(means, companions, parts.settings.tells_home)
    home = HomePermits(means, doorstep, news)
    music = MusicPermits(means, doorstep, kept.marks, home)
    state_desk = StateDesk(means, cloud, _lock_servers(locks.load(parts.settings.data)))
    gates = Gates(cloud=cloud, guests=guests, music=music, home=home, state=state_desk)
    server = LockServer(gates, allowed_uids=parts.settings.allowed_uids, on_fatal=parts.fail)
    room = RecordRoom(means)
    return _House(means, doors, doorstep, companions, room, beside, server, parts.stores)


def _beside(parts: _Parts, means: Means) -> Beside:
    begun = life.begin(parts.settings.data, random_bytes=means.random_bytes)
    return Beside(
        life=OwnLife(means, begun, parts.stores.state.marks),
        configuration=ConfigurationDesk(
            means,
            ConfigurationFile(parts.settings.data),
            trial_seconds=parts.settings.configuration_trial_seconds,
        ),
        hints=LookHints(means, parts.rooms),
    )


def _lock_servers(kept: Iterable[KeptLock]) -> tuple[str, ...]:
    ways = (way for lock in kept for way in (lock, *lock.others))
    return marks_of(way.key.get_secret_value() for way in ways if way.driver == "home_assistant")


def _stopped_before(folder: Path) -> Iterator[Alarmed]:
    note = read_note(folder)
    if note is not None:
        yield Alarmed(name="stopped_granting_before", detail=note[:500])


def _begin(house: _House, parts: _Parts) -> None:
    clear_note(parts.settings.data)
    if house.means.time.now().state is ClockState.TIME_UNKNOWN:
        unknown = ClockChanged(state=ClockState.TIME_UNKNOWN, reason="no_witness_since_boot")
        house.means.record(unknown)
    house.doors.close_unfinished()
    record_if_missed(house.means)
    recover_pins(house.means, parts.stores.state.pins)
    end_dead_delegations(house.means)
    parts.stores.state.marks.set(AUDIT_BEGAN, "yes")
    house.means.time.save()


def _started(parts: _Parts) -> FactBody:
    return Started(boot=parts.clock.boot_id()[:100], software=parts.settings.software)


def _chain_alarm(audit: AuditStore) -> tuple[Alarmed, ...]:
    broken = audit.first_break(after=max(0, audit.head().sequence - _CHECKED_AT_START))
    return () if broken is None else (chain_broken(broken),)


async def _watch(fatal: asyncio.Future[None]) -> None:
    await fatal


def _keepers(house: _House, parts: _Parts) -> Iterator[LockKeeper]:
    means, kept = house.means, parts.stores.state
    for lock, room in parts.rooms.items():
        preload = timedelta(hours=parts.settings.pin_preload_hours)
        pins = PinRound(means, lock, room, kept.pins, preload=preload)
        log = LogRound(means, lock, room, pins=pins, marks=kept.marks)
        clock = ClockRound(means, lock, room, kept.marks)
        care = CareRound(means, lock, room, kept.marks)
        means.ledger.on_new_book(room.news.set)
        period = parts.settings.look_after_seconds
        yield LockKeeper(means, lock, room, pins, log, clock, care, period)


def _tuned(house: _House, parts: _Parts) -> list[LockKeeper]:
    keepers = list(_keepers(house, parts))
    tune = tuner(
        keepers,
        look_after_seconds=parts.settings.look_after_seconds,
        pin_preload_hours=parts.settings.pin_preload_hours,
    )
    house.beside.configuration.on_change(tune)
    return keepers


def _supervisor() -> Supervisor | None:
    started_by = ServiceManager()
    return Supervisor.of(started_by.notify_socket, started_by.watchdog_usec)


async def _upkeep(house: _House, settings: LockdSettings) -> None:
    """Keep the floor of time, end what is over, forget what is old."""
    system = SystemTime(house.means, settings.time_sync_file, vouched=settings.time_sync_vouched)
    while True:
        system.look()
        await asyncio.sleep(settings.upkeep_seconds)
        house.means.time.save()
        end_dead_delegations(house.means)
        house.beside.configuration.look()
        house.doorstep.sweep()
        house.companions.sweep()
        house.room.look()
        house.stores.audit.prune(house.means.time.proven().earliest - KEEP_FACTS)


async def _let_moves_end(doors: MoveDoor) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await doors.all_ended()


def _rooms(
    kept: Iterable[KeptLock], open_device: OpenDevice, alarms: list[Alarmed], busy: UpdateLock
) -> Iterator[tuple[LockId, LockRoom]]:
    """A lock that cannot be driven is told, and the others go on."""
    for each in kept:
        try:
            yield each.lock, LockRoom(open_device(each), while_busy=busy.held)
        except AskHost as error:
            alarms.append(Alarmed(name="lock_unusable", detail=f"{each.lock}: {error.reason}"))


def _driver_opener(settings: LockdSettings) -> OpenDevice:
    """Drivers are imported when there is a lock to drive: they are slow to load."""

    def open_kept(kept: KeptLock) -> LockDevice:
        from edge_agent.drivers.registry import LockConfig, open_lock  # noqa: PLC0415 - as above

        best, *others = (
            LockConfig(
                driver=each.driver,
                address=each.address,
                key=each.key,
                zone=kept.zone,
                tokens=settings.data,
            )
            for each in (kept, *kept.others)
        )
        return open_lock(replace(best, admin_first=kept.admin_first, others=tuple(others)))

    if settings.bluetooth == "simulated" and settings.simulated_air is not None:
        from edge_agent.simulator.gatt_bleak import (  # noqa: PLC0415 - never loaded in a house
            install_simulated_bluetooth,
        )

        install_simulated_bluetooth(settings.simulated_air, production=settings.production)
    return open_kept


@contextlib.contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    """Set by SIGTERM and SIGINT."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


if __name__ == "__main__":
    sys.exit(main())
