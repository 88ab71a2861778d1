"""How is one simulated lock run as a process of its own?"""

import argparse
import asyncio
import json
import secrets
import signal
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.simulator.gatt_server import serve_gatt
from edge_agent.simulator.ttlock.control import serve_control
from edge_agent.simulator.ttlock.lock import SimulatedLock
from edge_agent.simulator.ttlock.model import Identity


def quartz() -> datetime:
    """The lock's own oscillator."""
    return datetime.now(UTC)  # noqa: TID251 - a simulated device has a clock of its own


def paired(key_file: Path, *, address: str, name: str) -> Identity:
    """The lock of this key file; a new lock, and a new file only we can read, the first time."""
    if key_file.exists():
        return Identity.from_key_material(json.loads(key_file.read_text()))
    identity = Identity.invent(address, name, secrets.token_bytes)
    key_file.touch(mode=0o600)
    key_file.write_text(json.dumps(identity.key_material()))
    return identity


def build(identity: Identity, state_file: Path, *, zone: str) -> SimulatedLock:
    """A lock with real randomness and time, set to the zone's local time when it is new."""
    return SimulatedLock(
        identity,
        state_file,
        now=quartz,
        started_local=quartz().astimezone(ZoneInfo(zone)).replace(tzinfo=None),
        draw_token=lambda: secrets.randbits(32),
    )


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="edge_agent.simulator.ttlock", description=__doc__)
    parser.add_argument(
        "--state", type=Path, required=True, help="SQLite file of the lock's memory"
    )
    parser.add_argument("--key-file", type=Path, required=True, help="key record, made if missing")
    parser.add_argument("--socket", type=Path, required=True, help="the simulated air")
    parser.add_argument("--control", type=Path, required=True, help="knobs and the record")
    parser.add_argument("--address", default="C0:FF:EE:00:00:01")
    parser.add_argument("--name", default="Front door")
    parser.add_argument("--zone", default="UTC", help="house zone, for a new lock's clock")
    arguments = parser.parse_args()
    identity = paired(arguments.key_file, address=arguments.address, name=arguments.name)
    lock = build(identity, arguments.state, zone=arguments.zone)
    asyncio.run(_serve(lock, air=arguments.socket, control=arguments.control))


async def _serve(lock: SimulatedLock, *, air: Path, control: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve_control(control, lock), serve_gatt(air, [lock]):
        await stop.wait()
    lock.close()


if __name__ == "__main__":
    main()
