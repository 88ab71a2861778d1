"""How is the simulated vendor started as a process of its own?

It says where it listens in one JSON line and ends with SIGINT or SIGTERM.
"""

import argparse
import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.simulator.ttlock_cloud.control import control
from edge_agent.simulator.ttlock_cloud.model import Account
from edge_agent.simulator.ttlock_cloud.server import VendorServer
from edge_agent.simulator.ttlock_cloud.vendor import Vendor


def vendor_time() -> datetime:
    """The vendor's own clock."""
    return datetime.now(UTC)  # noqa: TID251 - a simulated vendor has a clock of its own


async def serve(vendor: Vendor, *, port: int, control_port: int) -> None:
    """Run until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        VendorServer(vendor, port=port) as server,
        control(server, port=control_port) as knobs,
    ):
        line = {"url": server.url, "control": f"http://127.0.0.1:{knobs}"}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        await stop.wait()
    vendor.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="edge_agent.simulator.ttlock_cloud", description=__doc__)
    parser.add_argument(
        "--state", type=Path, required=True, help="SQLite file of the lock's memory"
    )
    parser.add_argument("--account-file", type=Path, required=True, help="an Account as JSON")
    parser.add_argument("--zone", default="UTC", help="IANA zone the lock keeps")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    args = parser.parse_args()
    account = Account.model_validate_json(args.account_file.read_text(encoding="utf-8"))
    vendor = Vendor(account, args.state, zone=ZoneInfo(args.zone), now=vendor_time)
    asyncio.run(serve(vendor, port=args.port, control_port=args.control_port))


if __name__ == "__main__":
    main()
