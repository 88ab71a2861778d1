"""How is the simulated Music Assistant started as its own process?

`python -m edge_agent.simulator.music --token-file FILE [--port N] [--control-port N]`; says where
it listens in one JSON line, ends with SIGINT or SIGTERM.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from edge_agent.simulator.music.control import control
from edge_agent.simulator.music.server import MusicServer


async def serve(*, token: str, port: int, control_port: int) -> None:
    """Run until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with (
        MusicServer(token=token, port=port) as server,
        control(server, port=control_port) as knobs,
    ):
        line = {"url": server.url, "control": f"http://127.0.0.1:{knobs}"}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="A simulated Music Assistant server")
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8095)
    parser.add_argument("--control-port", type=int, default=0)
    args = parser.parse_args()
    token = args.token_file.read_text(encoding="utf-8").strip()
    asyncio.run(serve(token=token, port=args.port, control_port=args.control_port))


if __name__ == "__main__":
    main()
