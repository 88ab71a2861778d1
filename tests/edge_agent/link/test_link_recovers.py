"""Does the house come back alone when broker or lockd went away?"""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from edge_agent.link.client import Pace
from portero.local.broker import LocalBroker, mosquitto_path
from portero.local.ports import any_free
from protocol.envelope import Kind
from protocol.house import CurrentQuery, SnapshotAck
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import Down, Up
from tests.edge_agent.courier_peer import courier_at
from tests.edge_agent.doorman import Doorman, a_snapshot
from tests.edge_agent.link_kit import link_to, running, until

RECOVERY_SECONDS = 30


async def test_a_killed_broker_that_returns_is_found_again_and_asked_what_is_current(
    tmp_path: Path, house: HouseId, doorman: Doorman, cloud: Signer
) -> None:
    port = any_free()
    broker = _mosquitto(tmp_path, port)
    link = link_to(port, house, doorman)
    async with running(link):
        await until(lambda: len(doorman.queries) == 1)
        broker.kill()
        broker.wait(5)
        await until(lambda: not link.counters.online)
        await asyncio.sleep(3)  # long enough for several failed attempts
        broker = _mosquitto(tmp_path, port)
        returned = time.monotonic()  # noqa: TID251 - a stopwatch
        async with courier_at(port, house, cloud) as courier:
            key = doorman.signer.public_hex
            await courier.next(
                Up.CURRENT, Kind.CURRENT_QUERY, CurrentQuery, key, seconds=RECOVERY_SECONDS
            )
            took = time.monotonic() - returned  # noqa: TID251 - a stopwatch
            await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
            await courier.next(Up.ACK, Kind.SNAPSHOT_ACK, SnapshotAck, key)
    broker.kill()
    broker.wait(5)
    assert took < RECOVERY_SECONDS


async def test_a_broker_that_stops_answering_is_noticed(
    tmp_path: Path, house: HouseId, doorman: Doorman
) -> None:
    port = any_free()
    broker = _mosquitto(tmp_path, port)
    link = link_to(port, house, doorman)
    async with running(link):
        os.kill(broker.pid, signal.SIGSTOP)
        await until(lambda: link.counters.lost == 1, seconds=RECOVERY_SECONDS)
        os.kill(broker.pid, signal.SIGCONT)
        await until(lambda: link.counters.connections == 2, seconds=RECOVERY_SECONDS)
    broker.kill()
    broker.wait(5)


async def test_no_broker_at_all_is_waited_for(
    tmp_path: Path, house: HouseId, doorman: Doorman
) -> None:
    port = any_free()
    link = link_to(port, house, doorman, pace=Pace(first_retry_seconds=0.1))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(), name="link")
        await until(lambda: link.counters.lost >= 2)
        with LocalBroker(tmp_path / "broker", port=port):
            await until(lambda: link.counters.online, seconds=RECOVERY_SECONDS)
            task.cancel()
            await asyncio.wait([task])


async def test_a_lockd_that_is_restarting_is_waited_for_and_the_snapshot_not_lost(
    broker: LocalBroker, house: HouseId, doorman: Doorman, cloud: Signer
) -> None:
    link = link_to(broker.port, house, doorman)
    async with courier_at(broker.port, house, cloud) as courier, running(link):
        doorman.away = True
        await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
        await asyncio.sleep(0.5)
        doorman.away = False
        await until(lambda: doorman.position is not None)
    assert link.counters.connections == 1


async def test_a_lockd_that_is_away_at_the_start_is_waited_for(
    broker: LocalBroker, house: HouseId, doorman: Doorman
) -> None:
    doorman.away = True
    link = link_to(broker.port, house, doorman, pace=Pace(first_retry_seconds=0.1))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(), name="link")
        await until(lambda: link.counters.lost >= 2)
        doorman.away = False
        await until(lambda: link.counters.online)
        task.cancel()


async def test_stopping_in_the_middle_of_connecting_leaves_nothing_open(
    broker: LocalBroker, house: HouseId, doorman: Doorman
) -> None:
    for tenths in range(10):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(link_to(broker.port, house, doorman).run(), name="link")
            await asyncio.sleep(tenths / 1000)
            task.cancel()
        gc.collect()  # an open socket found here fails the test
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "link-connect" not in names


@pytest.mark.parametrize("failures", range(20))
@pytest.mark.parametrize("jitter", [0.0, 0.999])
def test_the_pause_grows_is_spread_and_has_a_ceiling(failures: int, jitter: float) -> None:
    pause = Pace().pause(failures, jitter)
    assert 0 < pause <= Pace().longest_retry_seconds
    assert pause >= Pace().pause(failures - 1, jitter) if failures else True
    assert Pace().pause(failures, 0.9) > 2 * Pace().pause(failures, 0.1)


def _mosquitto(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """A broker of our own to kill; it keeps nothing."""
    binary = mosquitto_path()
    if binary is None:
        raise RuntimeError("this test kills a Mosquitto: apt install mosquitto")
    conf = folder / "killable.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        [binary, "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 5  # noqa: TID251 - a stopwatch
    while not _listens(port):
        if time.monotonic() > deadline:  # noqa: TID251 - a stopwatch
            raise RuntimeError("Mosquitto did not start")
        time.sleep(0.02)
    return process


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
