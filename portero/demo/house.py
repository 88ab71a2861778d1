"""How does the demo's house come to life: simulated devices, a claim, lockd, the agent?"""

import asyncio
from uuid import UUID

from pydantic import SecretStr

from edge_agent.store import locks as lock_store
from edge_agent.store.locks import KeptLock
from portero.demo.client import Caller, text
from portero.demo.ground import Ground
from portero.demo.processes import Troupe
from portero.demo.seed import LOCK_NAMES, ZONE, Place
from portero.demo.waiting import until
from portero.local.sockets import socket_folder
from portero.verbs.simulated import (
    air_socket,
    control_socket,
    key_file,
    lock_address,
    token_file,
)
from protocol.ids import LockId
from provisioning.claim import IDENTITY, claim


async def start(ground: Ground, troupe: Troupe, host: Caller, place: Place) -> None:
    """Devices first, then the claim (once), then the house's two processes."""
    devices = ground.folder / "devices"
    _simulate(ground, troupe)
    last = len(LOCK_NAMES)

    async def is_up() -> bool:
        return control_socket(devices, last).exists() and air_socket(devices).exists()

    await until(is_up, 20.0, "the simulated house did not start", troupe=troupe)
    await asyncio.to_thread(_keep_locks, ground, place)
    await _claim(ground, host, place)
    start_lockd(ground, troupe)
    start_agent(ground, troupe)


def start_lockd(ground: Ground, troupe: Troupe) -> None:
    """The process that decides."""
    data = ground.folder / "lockd"
    troupe.start(
        "lockd",
        "lockd",
        extra={
            "PORTERO_LOCKD_DATA": str(data),
            "PORTERO_LOCKD_SOCKET": str(socket_folder(ground.folder) / "lockd.sock"),
            "PORTERO_LOCKD_PRODUCTION": "false",
            "PORTERO_LOCKD_BLUETOOTH": "simulated",
            "PORTERO_LOCKD_SIMULATED_AIR": str(air_socket(ground.folder / "devices")),
        },
    )


def start_agent(ground: Ground, troupe: Troupe) -> None:
    """The process that carries."""
    troupe.start(
        "agent",
        "agent",
        extra={
            "PORTERO_AGENT_DATA": str(ground.folder / "agent"),
            "PORTERO_AGENT_LOCKD_SOCKET": str(socket_folder(ground.folder) / "lockd.sock"),
            "PORTERO_AGENT_MQTT_HOST": "127.0.0.1",
            "PORTERO_AGENT_MQTT_PORT": str(ground.ports.broker),
            "PORTERO_AGENT_LAN_HOST": "127.0.0.1",
            "PORTERO_AGENT_LAN_PORT": str(ground.ports.lan),
            "PORTERO_AGENT_ADVERTISE": "false",
            "PORTERO_AGENT_MUSIC_URL": f"http://127.0.0.1:{ground.ports.music}",
            "PORTERO_AGENT_MUSIC_TOKEN": token_file(ground.folder / "devices").read_text().strip(),
        },
    )


def _simulate(ground: Ground, troupe: Troupe) -> None:
    devices = ground.folder / "devices"
    for stale in (air_socket(devices), *(control_socket(devices, n + 1) for n in range(9))):
        stale.unlink(missing_ok=True)
    names = [word for name in LOCK_NAMES for word in ("--lock", name)]
    troupe.start(
        "house",
        "house",
        "--folder",
        str(devices),
        "--zone",
        ZONE,
        "--music-port",
        str(ground.ports.music),
        *names,
    )


def _keep_locks(ground: Ground, place: Place) -> None:
    """What a technician does once: the lock keys go into the house, and nowhere else."""
    devices, data = ground.folder / "devices", ground.folder / "lockd"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = [
        KeptLock(
            lock=LockId(UUID(place.locks[name])),
            driver="ttlock_ble",
            address=lock_address(number),
            key=SecretStr(key_file(devices, number).read_text()),
            zone=ZONE,
        )
        for number, name in enumerate(LOCK_NAMES, start=1)
    ]
    lock_store.save(data, kept)


async def _claim(ground: Ground, host: Caller, place: Place) -> None:
    """Once: the device makes its keys, proves them, and is the house's own from then on."""
    data = ground.folder / "lockd"
    if (data / IDENTITY).exists():
        return
    token = await host.post(f"/api/v1/houses/{place.house}/claim-token")
    await asyncio.to_thread(claim, ground.cloud_url, text(token, "token"), data)
