"""How does a whole simulated house run as one process: locks on a simulated air, and music?"""

import asyncio
import secrets
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from edge_agent.simulator.gatt_server import serve_gatt
from edge_agent.simulator.music.control import control
from edge_agent.simulator.music.server import MusicServer
from edge_agent.simulator.ttlock.__main__ import build, paired
from edge_agent.simulator.ttlock.control import serve_control
from portero.local.sockets import socket_folder

_AIR = "air.sock"
TOKEN = "music.token"  # noqa: S105 - a file's name


def lock_address(number: int) -> str:
    """The Bluetooth address of the house's lock of this number, from 1."""
    return f"C0:FF:EE:00:00:{number:02X}"


def key_file(folder: Path, number: int) -> Path:
    """Where the key record of a lock lies; made when the lock is first run."""
    return folder / f"lock-{number}.key.json"


def control_socket(folder: Path, number: int) -> Path:
    """Where a lock's knobs and its own record are."""
    return socket_folder(folder) / f"lock-{number}.control.sock"


def air_socket(folder: Path) -> Path:
    """Where the simulated air of the house is."""
    return socket_folder(folder) / _AIR


def token_file(folder: Path) -> Path:
    """The music server's token, made at first use."""
    path = folder / TOKEN
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path


async def simulate(
    folder: Path, *, lock_names: tuple[str, ...], zone: str, music_port: int
) -> None:
    """Serve until SIGTERM or SIGINT; every lock keeps its memory in `folder`."""
    stop = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    async with AsyncExitStack() as running:
        locks = []
        for number, name in enumerate(lock_names, start=1):
            identity = paired(key_file(folder, number), address=lock_address(number), name=name)
            lock = build(identity, folder / f"lock-{number}.db", zone=zone)
            running.callback(lock.close)
            await running.enter_async_context(serve_control(control_socket(folder, number), lock))
            locks.append(lock)
        await running.enter_async_context(serve_gatt(air_socket(folder), locks))
        token = token_file(folder).read_text().strip()
        server = await running.enter_async_context(MusicServer(token=token, port=music_port))
        await running.enter_async_context(control(server, port=0))
        await stop.wait()
